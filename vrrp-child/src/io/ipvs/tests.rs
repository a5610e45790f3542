use super::{Ipvs, Wire};
use crate::io::support::ipvs_kernel::ModelKernel;
use std::io;

impl Wire for ModelKernel {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.take(datagram);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(answer) = self.answers.pop_front() else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        buffer[..answer.len()].copy_from_slice(&answer);
        Ok(Some(answer.len()))
    }
}
