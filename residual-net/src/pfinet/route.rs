//! The routing table of a host.

use std::net::IpAddr;

use schemas::Errno;

use super::address::{bits, network};

/// Most routes of one host.
const MOST: usize = 4096;

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The first address of the network it leads to.
    pub destination: IpAddr,
    /// Length of that network's prefix.
    pub prefix: u8,
    /// Who passes packets on; nobody for a network that an interface is in.
    pub gateway: Option<IpAddr>,
    /// Number of the interface.
    pub interface: u32,
    /// Of two routes to the same network the one with the lower metric is taken.
    pub metric: u32,
    /// Who made it: `RTPROT_*` of Linux (rtnetlink(7)).
    pub protocol: u8,
    /// The address that packets of the host itself are to come from.
    pub source: Option<IpAddr>,
}

/// `RTPROT_KERNEL`: it came with an address.
pub const KERNEL: u8 = 2;
/// `RTPROT_BOOT`: somebody made it without saying more.
pub const BOOT: u8 = 3;
/// `RTPROT_STATIC`: an administrator made it.
pub const STATIC: u8 = 4;

/// The routes.
#[derive(Debug, Default)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// All of them.
    pub fn all(&self) -> &[Route] {
        &self.0
    }

    /// Adds one.
    ///
    /// # Errors
    /// `EEXIST` when there is one to that network with that metric, `EINVAL` when the prefix is too long or has bits
    /// beyond it, `ENOBUFS` when there are too many.
    pub fn add(&mut self, route: Route) -> Result<(), Errno> {
        if route.prefix > bits(route.destination)
            || network(route.destination, route.prefix) != route.destination
        {
            return Err(Errno::INVAL);
        }
        let same = |other: &Route| {
            (other.destination, other.prefix, other.metric) == (route.destination, route.prefix, route.metric)
                && !(route.destination.is_ipv6() && other.interface != route.interface)
        };
        if self.0.iter().any(same) {
            return Err(Errno::EXIST);
        }
        if self.0.len() >= MOST {
            return Err(Errno::NOBUFS);
        }
        self.0.push(route);
        Ok(())
    }

    /// Removes the first that `fits`.
    ///
    /// # Errors
    /// `ESRCH` when none does.
    pub fn remove(&mut self, fits: impl FnMut(&Route) -> bool) -> Result<Route, Errno> {
        let at = self.0.iter().position(fits).ok_or(Errno::SRCH)?;
        Ok(self.0.remove(at))
    }

    /// Keeps those that `stay`.
    pub fn retain(&mut self, stay: impl FnMut(&Route) -> bool) {
        self.0.retain(stay);
    }

    /// The route to an address, over one of the interfaces that are `usable`.
    pub fn find(&self, to: IpAddr, usable: impl Fn(u32) -> bool) -> Option<&Route> {
        let leads = |route: &&Route| {
            route.destination.is_ipv4() == to.is_ipv4()
                && network(to, route.prefix) == route.destination
                && usable(route.interface)
        };
        self.0.iter().filter(leads).min_by_key(|route| (u8::MAX - route.prefix, route.metric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(destination: &str, prefix: u8, interface: u32, metric: u32) -> Route {
        let destination = destination.parse().unwrap();
        Route { destination, prefix, gateway: None, interface, metric, protocol: BOOT, source: None }
    }

    #[test]
    fn longest_prefix_then_lowest_metric_wins() {
        let mut routes = Routes::default();
        for (at, row) in [("0.0.0.0", 0, 0), ("10.0.0.0", 8, 5), ("10.1.0.0", 16, 9), ("10.1.0.0", 16, 3)]
            .iter()
            .enumerate()
        {
            routes.add(route(row.0, row.1, at as u32, row.2)).unwrap();
        }
        routes.add(route("::", 0, 9, 0)).unwrap();
        let found = |to: &str, down: u32| {
            routes.find(to.parse().unwrap(), |interface| interface != down).map(|route| route.interface)
        };
        assert_eq!(found("10.1.2.3", 99), Some(3));
        assert_eq!(found("10.1.2.3", 3), Some(2));
        assert_eq!(found("10.2.2.3", 99), Some(1));
        assert_eq!(found("11.2.2.3", 99), Some(0));
        assert_eq!(found("11.2.2.3", 0), None);
        assert_eq!(found("fd00::1", 99), Some(9));
    }

    #[test]
    fn doubles_and_networks_that_are_none_are_refused() {
        let mut routes = Routes::default();
        routes.add(route("10.1.0.0", 16, 1, 0)).unwrap();
        assert_eq!(routes.add(route("10.1.0.0", 16, 2, 0)), Err(Errno::EXIST));
        assert_eq!(routes.add(route("10.1.0.1", 16, 1, 0)), Err(Errno::INVAL));
        assert_eq!(routes.add(route("10.1.0.1", 33, 1, 0)), Err(Errno::INVAL));
        assert!(routes.remove(|route| route.prefix == 16).is_ok());
        assert_eq!(routes.remove(|route| route.prefix == 16), Err(Errno::SRCH));
    }
}
