//! Conversations of checks with servers of all kinds, played without a socket, cut at every byte.

mod http;
mod player;
mod tcp;
