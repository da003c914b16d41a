//! `auth`: the identities of guests.
//!
//! A guest's identities are those of its host process, so the host checks them wherever the guest goes. The server
//! decides whether a change is one that the deployment and the rules of `setresuid(2)` allow; the guest's own process
//! then makes it.

use std::sync::Arc;

use schemas::Errno;
use schemas::common::credentials;
use schemas::server::{Auth, Credentials};

use crate::hurd::world::World;

/// Keeps an identity as it is.
const KEEP: u32 = u32::MAX;
/// Most supplementary groups (`NGROUPS_MAX` of Linux).
const GROUPS: u32 = 65_536;

/// The server.
pub struct AuthServer {
    world: Arc<World>,
}

impl AuthServer {
    /// The server of a world.
    pub fn new(world: Arc<World>) -> Self {
        Self { world }
    }
}

/// Real, effective and saved identity of one kind.
type Three = [u32; 3];

/// What `setresuid(2)` makes of three identities: without privilege each must be one that the process has already.
fn changed(now: Three, wanted: Three, privileged: bool) -> Result<Three, Errno> {
    let mut new = now;
    for (new, wanted) in new.iter_mut().zip(wanted) {
        if wanted == KEEP {
            continue;
        }
        if !privileged && !now.contains(&wanted) {
            return Err(Errno::PERM);
        }
        *new = wanted;
    }
    Ok(new)
}

fn set(mut builder: credentials::Builder<'_>, from: &Credentials, user: u32, group: u32) {
    builder.set_real_user(from.real_user);
    builder.set_effective_user(from.effective_user);
    builder.set_saved_user(from.saved_user);
    builder.set_filesystem_user(user);
    builder.set_real_group(from.real_group);
    builder.set_effective_group(from.effective_group);
    builder.set_saved_group(from.saved_group);
    builder.set_filesystem_group(group);
}

/// The identity for files: that asked for, or else the effective one, which it follows (`setfsuid(2)`).
fn for_files(wanted: u32, new: Three, privileged: bool) -> Result<u32, Errno> {
    match wanted {
        KEEP => Ok(new[1]),
        wanted if privileged || new.contains(&wanted) => Ok(wanted),
        _ => Err(Errno::PERM),
    }
}

impl Auth for AuthServer {
    methods! {
        fn get_ids[auth::get_ids](&self, caller, _params, results, _caps) {
            let credentials = &caller.credentials;
            set(results.init_credentials(), credentials, credentials.effective_user, credentials.effective_group);
            Ok(())
        }

        fn set_ids[auth::set_ids](&self, caller, params, results, _caps) {
            let now = &caller.credentials;
            let privileged = now.is_root();
            let users = changed(
                [now.real_user, now.effective_user, now.saved_user],
                [params.get_real_user(), params.get_effective_user(), params.get_saved_user()],
                privileged,
            )?;
            let groups = changed(
                [now.real_group, now.effective_group, now.saved_group],
                [params.get_real_group(), params.get_effective_group(), params.get_saved_group()],
                privileged,
            )?;
            let user = for_files(params.get_filesystem_user(), users, privileged)?;
            let group = for_files(params.get_filesystem_group(), groups, privileged)?;
            let new = Credentials {
                real_user: users[0],
                effective_user: users[1],
                saved_user: users[2],
                real_group: groups[0],
                effective_group: groups[1],
                saved_group: groups[2],
                groups: now.groups.clone(),
            };
            if new != **now && !self.world.policy().set_identities {
                return Err(Errno::PERM);
            }
            set(results.reborrow().init_credentials(), &new, user, group);
            results.set_host(true);
            Ok(())
        }

        fn get_groups[auth::get_groups](&self, caller, _params, results, _caps) {
            let groups = &caller.credentials.groups;
            let mut list = results.init_groups(groups.len() as u32);
            for (index, group) in groups.iter().enumerate() {
                list.set(index as u32, *group);
            }
            Ok(())
        }

        fn set_groups[auth::set_groups](&self, caller, params, results, _caps) {
            if params.get_groups()?.len() > GROUPS {
                return Err(Errno::INVAL);
            }
            if !caller.credentials.is_root() || !self.world.policy().set_identities {
                return Err(Errno::PERM);
            }
            results.set_host(true);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hurd::world::Policy;
    use crate::server::testing::{ask, caller, none, world};
    use schemas::Personality;
    use schemas::server::{AuthServer as Named, Caller};

    fn user() -> Caller {
        let credentials = Credentials {
            real_user: 1000,
            effective_user: 1001,
            saved_user: 1001,
            real_group: 100,
            effective_group: 100,
            saved_group: 100,
            groups: vec![100, 27],
        };
        Caller { credentials: Arc::new(credentials), ..caller(Personality::FreeBsd) }
    }

    fn set_effective(world: &Arc<World>, from: &Caller, user: u32) -> Result<(u32, u32, bool), Errno> {
        let server = Named::new("auth", AuthServer::new(world.clone()));
        ask!(server, from, auth::set_ids, AuthSetIds, |p| p.set_effective_user(user), &mut none(), |r| {
            let credentials = r.get_credentials().unwrap();
            (credentials.get_effective_user(), credentials.get_filesystem_user(), r.get_host())
        })
    }

    #[test]
    fn identities_follow_setresuid() {
        let world = world();
        assert_eq!(set_effective(&world, &user(), 1000), Ok((1000, 1000, true)));
        assert_eq!(set_effective(&world, &user(), 0), Err(Errno::PERM));
        let root = Caller { credentials: Arc::default(), ..user() };
        assert_eq!(set_effective(&world, &root, 77), Ok((77, 77, true)));
        world.set_policy(Policy { set_identities: false, ..Policy::default() });
        assert_eq!(set_effective(&world, &root, 77), Err(Errno::PERM));
        assert_eq!(set_effective(&world, &root, 0), Ok((0, 0, true)), "no change");
    }

    #[test]
    fn groups_are_roots_to_change() {
        let server = Named::new("auth", AuthServer::new(world()));
        let count = ask!(server, &user(), auth::get_groups, AuthGetGroups, |_p| (), &mut none(), |r| {
            r.get_groups().unwrap().len()
        });
        assert_eq!(count, Ok(2));
        let set = |from: &Caller, count: u32| {
            ask!(
                server,
                from,
                auth::set_groups,
                AuthSetGroups,
                |p| {
                    p.init_groups(count);
                },
                &mut none(),
                |r| { r.get_host() }
            )
        };
        let root = Caller { credentials: Arc::default(), ..user() };
        assert_eq!([set(&user(), 1), set(&root, 1)], [Err(Errno::PERM), Ok(true)]);
    }
}
