//! Conversations of checks with servers of all kinds, played without a socket, cut at every byte.

#[cfg(test)]
mod datagrams;
#[cfg(test)]
mod http;
#[cfg(test)]
mod http_bodies;
#[cfg(test)]
mod http_hostile;
#[cfg(test)]
mod player;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod tcp;
