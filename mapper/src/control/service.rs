//! The thread that answers on a world's sockets.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener as StdListener;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use capnp::message::ReaderOptions;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::twoparty::VatNetwork;
use capnp_rpc::{RpcSystem, new_client_from_rc};
use futures::AsyncReadExt;
use schemas::control;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet, spawn_local};
use tokio_util::compat::TokioAsyncReadCompatExt;

use super::desk::Desk;
use super::join;
use super::place::{Claim, Place};
use super::trace::{Hub, Socket};
use crate::dispatch::Crew;
use crate::world::Live;

/// How long clients have to read their last answer when the world ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// A world that is to be reached from outside.
#[derive(Debug)]
pub struct Hosted {
    /// The world.
    pub world: Arc<Live>,
    /// Who serves its guests.
    pub crew: Arc<Crew>,
    /// Where trace lines come from.
    pub trace: Socket,
    /// Whether it ends with its last guest.
    pub embedded: bool,
}

/// The control plane of a running world. It ends when this is dropped.
#[derive(Debug)]
pub struct Service {
    thread: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Service {
    /// Begins to answer at `place`. `AddrInUse` when another world of this name is running.
    pub fn start(hosted: Hosted, place: &Place) -> io::Result<Self> {
        let claim = place.claim()?;
        let clients = StdListener::bind(place.control_socket())?;
        clients.set_nonblocking(true)?;
        let guests = join::listen(&place.guest_socket())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            let served = serve(hosted, claim, clients, guests, stopped);
            if let Err(error) = LocalSet::new().block_on(&runtime, served) {
                tracing::error!(%error, "the control plane ends");
            }
        })?;
        Ok(Self { thread: Some(thread), stop: Some(stop) })
    }

    /// Waits until somebody has ended the world.
    pub fn wait(&mut self) {
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the control plane panicked");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.wait();
    }
}

async fn serve(
    hosted: Hosted,
    claim: Claim,
    clients: StdListener,
    guests: OwnedFd,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let Hosted { world, crew, trace, embedded } = hosted;
    let clients = UnixListener::from_std(clients)?;
    let hub = Hub::new(world.clone());
    let place = claim.place().clone();
    let desk = Desk::new(world.clone(), place, Some(claim), embedded, hub.clone());
    let Socket { source, sink } = trace;
    spawn_local(async move {
        if let Err(error) = hub.pump(source).await {
            tracing::error!(%error, "cannot read the trace");
        }
    });
    let guests = super::watched(guests)?;
    let sink = Rc::new(sink);
    let taking_in = spawn_local(async move {
        if let Err(error) = take_in(&guests, &world, &crew, &sink).await {
            tracing::error!(%error, "cannot take guests in any more");
        }
    });
    if !embedded {
        end_on_signals(&desk)?;
    }
    let mut conversations = JoinSet::new();
    let accepting = async {
        loop {
            match clients.accept().await {
                Ok((stream, _)) => {
                    conversations.spawn_local(converse(stream, desk.clone()));
                }
                Err(error) => {
                    // Descriptors may have run out, and others give theirs back.
                    tracing::warn!(%error, "cannot accept a client");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            while conversations.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = desk.ended() => {}
        _ = stopped => {}
    }
    taking_in.abort();
    let farewell = async { while conversations.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::debug!("clients were cut off");
    }
    Ok(())
}

/// Talks with one client until it goes.
pub async fn converse(stream: UnixStream, desk: Rc<Desk>) {
    let (reader, writer) = stream.compat().split();
    let network = VatNetwork::new(reader, writer, Side::Server, ReaderOptions::new());
    let client: control::control::Client = new_client_from_rc(desk);
    if let Err(error) = RpcSystem::new(Box::new(network), Some(client.client)).await {
        tracing::debug!(%error, "a client is gone");
    }
}

async fn take_in(
    listener: &AsyncFd<OwnedFd>,
    world: &Arc<Live>,
    crew: &Arc<Crew>,
    sink: &Rc<OwnedFd>,
) -> io::Result<()> {
    loop {
        let mut ready = listener.readable().await?;
        match join::accept(listener.get_ref().as_fd()) {
            Ok(socket) => {
                let (world, crew, sink) = (world.clone(), crew.clone(), sink.clone());
                spawn_local(async move {
                    if let Err(error) = join::welcome(socket, &world, &crew, sink.as_fd()).await {
                        tracing::info!(%error, "a program did not join");
                    }
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a guest");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Ends the world in good order when its process is told to end.
fn end_on_signals(desk: &Rc<Desk>) -> io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let mut told = signal(kind)?;
        let desk = desk.clone();
        spawn_local(async move {
            if told.recv().await.is_some() {
                desk.end().await;
            }
        });
    }
    Ok(())
}
