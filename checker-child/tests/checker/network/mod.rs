//! Checks of real servers over real sockets.

mod servers;
mod stage;
mod tcp;
