//! A seat in front of a screen of a running world, for the command line.

use schemas::control;

use super::client::{Client, ClientError};
use residual_dev::input::Action;

/// Most that is done at once.
const ACTIONS: usize = 256;

/// The seat.
pub struct Seat<'a> {
    client: &'a Client,
    screen: control::screen::Client,
}

impl<'a> Seat<'a> {
    /// Sits down in front of a screen.
    ///
    /// # Errors
    /// When there is no such screen.
    pub fn take(client: &'a Client, name: &str) -> Result<Self, ClientError> {
        let screen = client.ask(async {
            let mut request = client.control().screen_request();
            request.get().set_name(name);
            request.send().promise.await?.get()?.get_screen()
        })?;
        Ok(Self { client, screen })
    }

    /// Does something with keyboard and pointer.
    ///
    /// # Errors
    /// When the server of the screen says no.
    pub fn feed(&self, actions: &[Action]) -> Result<(), ClientError> {
        for part in actions.chunks(ACTIONS) {
            self.client.ask(async {
                let mut request = self.screen.feed_request();
                let mut events = request.get().init_events(part.len() as u32);
                for (index, action) in (0..).zip(part) {
                    action.write(events.reborrow().get(index));
                }
                request.send().promise.await?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
