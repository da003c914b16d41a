//! Asking a running world, one question at a time.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{RpcSystem, new_client};
use futures::AsyncReadExt;
use schemas::{Personality, control};
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio_util::compat::TokioAsyncReadCompatExt;

use super::networks::Networks;
use super::place::Place;
use super::recorder::{Drive, Medium};
use super::report::{Event, Guest, GuestSites, Missing, Route, Server, World};
use super::trace::Filter;

/// How long a mapper may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Words that a message may have; all routes of all OSes take some ten thousand.
const WORDS: usize = 64 * 1024 * 1024;

/// A connection to a world.
pub struct Client {
    runtime: Runtime,
    local: LocalSet,
    world: String,
    control: control::control::Client,
    closed: Option<oneshot::Receiver<()>>,
}

/// A question that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is no such world.
    #[error("world `{name}` does not answer at {} ({error}); {}", socket.display(), super::join::what_to_do(name))]
    NoWorld {
        /// Its name.
        name: String,
        /// Its socket.
        socket: PathBuf,
        /// What the host says.
        error: std::io::Error,
    },
    /// The mapper says no, and why.
    #[error("{0}")]
    Refused(String),
    /// The mapper does not answer.
    #[error(
        "the mapper of world `{name}` {what}; is it at its end? `mapper ps` lists the worlds that answer"
    )]
    Silent {
        /// The world.
        name: String,
        /// What it did.
        what: String,
    },
}

impl Client {
    /// Connects to the world at `place`.
    pub fn connect(place: &Place) -> Result<Self, ClientError> {
        let failed = |error| ClientError::NoWorld {
            name: place.name().to_owned(),
            socket: place.control_socket(),
            error,
        };
        let stream = std::os::unix::net::UnixStream::connect(place.control_socket()).map_err(failed)?;
        stream.set_nonblocking(true).map_err(failed)?;
        Self::over(stream, place.name()).map_err(failed)
    }

    /// Talks over a connection that there is already.
    pub fn over(stream: std::os::unix::net::UnixStream, world: &str) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let local = LocalSet::new();
        let stream = {
            let _entered = runtime.enter();
            UnixStream::from_std(stream)?
        };
        let (reader, writer) = stream.compat().split();
        let mut options = ReaderOptions::new();
        options.traversal_limit_in_words(Some(WORDS));
        let network = VatNetwork::new(reader, writer, Side::Client, options);
        let mut system = RpcSystem::new(Box::new(network), None);
        let control = system.bootstrap(Side::Server);
        let (sender, closed) = oneshot::channel();
        local.spawn_local(async move {
            let _ = system.await;
            // Nobody may be waiting for it.
            let _ = sender.send(());
        });
        Ok(Self { runtime, local, world: world.to_owned(), control, closed: Some(closed) })
    }

    /// What the world is.
    pub fn describe(&self) -> Result<World, ClientError> {
        self.ask(async {
            let response = self.control.describe_request().send().promise.await?;
            World::read(response.get()?.get_world()?)
        })
    }

    /// Its guests.
    pub fn guests(&self) -> Result<Vec<Guest>, ClientError> {
        self.ask(async {
            let response = self.control.ps_request().send().promise.await?;
            response.get()?.get_guests()?.iter().map(Guest::read).collect()
        })
    }

    /// Its routes.
    pub fn routes(&self) -> Result<Vec<Route>, ClientError> {
        self.ask(async {
            let response = self.control.routes_request().send().promise.await?;
            response.get()?.get_routes()?.iter().map(Route::read).collect()
        })
    }

    /// Changes routes; returns how many are different now. Without an OS it is those of all.
    pub fn set_route(
        &self,
        operation: &str,
        personality: Option<Personality>,
        flavour: &str,
    ) -> Result<u32, ClientError> {
        self.ask(async {
            let mut request = self.control.set_route_request();
            request.get().set_operation(operation);
            request.get().set_personality(personality.map_or("*", Personality::name));
            request.get().set_flavour(flavour);
            Ok(request.send().promise.await?.get()?.get_changed())
        })
    }

    /// Calls that its guests asked for and could not have.
    pub fn missing(&self) -> Result<Vec<Missing>, ClientError> {
        self.ask(async {
            let response = self.control.missing_request().send().promise.await?;
            response.get()?.get_missing()?.iter().map(Missing::read).collect()
        })
    }

    /// Where its guests make their calls.
    pub fn sites(&self) -> Result<Vec<GuestSites>, ClientError> {
        self.ask(async {
            let response = self.control.sites_request().send().promise.await?;
            response.get()?.get_guests()?.iter().map(GuestSites::read).collect()
        })
    }

    /// Its servers.
    pub fn servers(&self) -> Result<Vec<Server>, ClientError> {
        self.ask(async {
            let response = self.control.servers_request().send().promise.await?;
            response.get()?.get_servers()?.iter().map(Server::read).collect()
        })
    }

    /// Its networks.
    pub fn networks(&self) -> Result<Networks, ClientError> {
        self.ask(async {
            let response = self.control.networks_request().send().promise.await?;
            Networks::read(response.get()?)
        })
    }

    /// Brings it to another deployment, given as text; `path` serves messages and what the text inherits. Returns what
    /// changed.
    pub fn apply(&self, deployment: &str, path: &str) -> Result<Vec<String>, ClientError> {
        self.ask(async {
            let mut request = self.control.apply_request();
            request.get().set_deployment(deployment);
            request.get().set_path(path);
            let response = request.send().promise.await?;
            response.get()?.get_changes()?.iter().map(|change| Ok(change?.to_string()?)).collect()
        })
    }

    /// What a screen shows, as PNG.
    pub fn snapshot(&self, screen: &str) -> Result<Vec<u8>, ClientError> {
        self.ask(async {
            let mut request = self.control.snapshot_request();
            request.get().set_screen(screen);
            Ok(request.send().promise.await?.get()?.get_picture()?.to_vec())
        })
    }

    /// Its drives.
    pub fn drives(&self) -> Result<Vec<Drive>, ClientError> {
        self.ask(async {
            let response = self.control.drives_request().send().promise.await?;
            response.get()?.get_drives()?.iter().map(Drive::from_message).collect()
        })
    }

    /// The media in the folders of their servers.
    pub fn media(&self) -> Result<Vec<Medium>, ClientError> {
        self.ask(async {
            let response = self.control.media_request().send().promise.await?;
            response.get()?.get_media()?.iter().map(Medium::from_message).collect()
        })
    }

    /// Puts a medium into a drive; one that is not there is made, if a kind is said.
    pub fn load(&self, drive: &str, medium: &str, kind: &str) -> Result<(), ClientError> {
        self.ask(async {
            let mut request = self.control.load_request();
            let mut params = request.get();
            params.set_drive(drive);
            params.set_medium(medium);
            params.set_kind(kind);
            request.send().promise.await?;
            Ok(())
        })
    }

    /// Takes out what is in a drive; with `force` even if a guest prevents it.
    pub fn eject(&self, drive: &str, force: bool) -> Result<(), ClientError> {
        self.ask(async {
            let mut request = self.control.eject_request();
            request.get().set_drive(drive);
            request.get().set_force(force);
            request.send().promise.await?;
            Ok(())
        })
    }

    /// Starts one of its servers anew.
    pub fn restart_server(&self, name: &str) -> Result<(), ClientError> {
        self.ask(async {
            let mut request = self.control.restart_server_request();
            request.get().set_name(name);
            request.send().promise.await?;
            Ok(())
        })
    }

    /// Ends the world; with `force` its guests, too.
    pub fn shutdown(&self, force: bool) -> Result<(), ClientError> {
        self.ask(async {
            let mut request = self.control.shutdown_request();
            request.get().set_force(force);
            request.send().promise.await?;
            Ok(())
        })
    }

    /// Follows its trace until the world ends, or `show`, which gets lines and how many were lost before them, returns
    /// false.
    pub fn trace(
        &mut self,
        filter: &Filter,
        show: impl FnMut(&[Event], u64) -> bool + 'static,
    ) -> Result<(), ClientError> {
        let (sender, enough) = oneshot::channel();
        let sink =
            Sink { show: std::cell::RefCell::new(show), enough: std::cell::RefCell::new(Some(sender)) };
        let mut request = self.control.trace_request();
        filter.write(request.get().init_filter());
        request.get().set_sink(new_client(sink));
        // The trace is on for as long as this is kept.
        let _trace = self.ask(async { request.send().promise.await?.get()?.get_trace() })?;
        let closed = self.closed.take();
        self.local.block_on(&self.runtime, async {
            let over = async {
                if let Some(closed) = closed {
                    let _ = closed.await;
                }
            };
            tokio::select! {
                _ = enough => {}
                () = over => {}
            }
        });
        Ok(())
    }

    /// What it answers questions with.
    pub(super) fn control(&self) -> &control::control::Client {
        &self.control
    }

    pub(super) fn ask<T>(&self, question: impl Future<Output = capnp::Result<T>>) -> Result<T, ClientError> {
        let silent = |what: String| ClientError::Silent { name: self.world.clone(), what };
        match self.local.block_on(&self.runtime, async { tokio::time::timeout(PATIENCE, question).await }) {
            Err(_) => Err(silent(format!("has not answered for {} seconds", PATIENCE.as_secs()))),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.kind == capnp::ErrorKind::Failed => {
                let text = error.extra.trim_start_matches("remote exception: ");
                Err(ClientError::Refused(text.to_owned()))
            }
            Ok(Err(error)) => Err(silent(format!("broke off: {error}"))),
        }
    }
}

/// Where a trace's lines arrive.
struct Sink<F> {
    show: std::cell::RefCell<F>,
    enough: std::cell::RefCell<Option<oneshot::Sender<()>>>,
}

impl<F: FnMut(&[Event], u64) -> bool + 'static> control::trace_sink::Server for Sink<F> {
    async fn events(
        self: Rc<Self>,
        params: control::trace_sink::EventsParams,
        _: control::trace_sink::EventsResults,
    ) -> capnp::Result<()> {
        let params = params.get()?;
        let events: Vec<_> = params.get_events()?.iter().map(Event::read).collect::<capnp::Result<_>>()?;
        let goes_on = (self.show.borrow_mut())(&events, params.get_lost());
        if !goes_on && let Some(enough) = self.enough.take() {
            // Nobody may be waiting any more.
            let _ = enough.send(());
        }
        Ok(())
    }
}
