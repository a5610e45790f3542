//! What the fuzz targets do with their input, and the inputs that they start from.

pub mod check;
pub mod config;
pub mod ipvs;
pub mod message;
pub mod packet;
pub mod shapes;
pub mod structured;
