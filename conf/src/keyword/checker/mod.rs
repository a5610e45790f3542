//! Words of `virtual_server`, `real_server` and the checks.

mod check;
mod own;
mod real;
mod server;

use super::{Keyword, Shape};

const BOOL: Shape = Shape::Bool;
const FLAG: Shape = Shape::Flag;
const PORT: Shape = Shape::Int {
    min: 1,
    max: 65_535,
};
/// Any number of 32 bits.
const COUNT: Shape = Shape::Int {
    min: 0,
    max: 4_294_967_295,
};
/// More than nothing.
const POSITIVE: Shape = Shape::Int {
    min: 1,
    max: 4_294_967_295,
};
const MAX_WEIGHT: i64 = 2_147_483_647;
const DELAY: Shape = Shape::Time {
    min: 0,
    max: 4_294_967_295,
};
/// A period: more than nothing.
const PERIOD: Shape = Shape::Time {
    min: 1,
    max: 4_294_967_295,
};

/// All rows, by subject.
pub(super) const TABLES: &[&[Keyword]] = &[server::ROWS, real::ROWS, check::ROWS, own::ROWS];
