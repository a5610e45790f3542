//! Checks of real servers over real sockets.

mod datagrams;
mod hostile;
mod life;
mod mail;
mod namespace;
mod pages;
mod programs;
mod servers;
mod sockets;
mod stage;
mod tcp;
mod tls;
