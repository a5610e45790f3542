//! Words of `global_defs`.

mod agent;
mod fifo;
mod files;
mod firewall;
mod lvs;
mod mail;
mod process;
mod script;
mod vrrp;

use super::Section::{self, GlobalDefs};
use super::{Keyword, Shape};

const HERE: &[Section] = &[GlobalDefs];

const BOOL: Shape = Shape::Bool;
const FLAG: Shape = Shape::Flag;

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

/// All rows, by subject.
pub(super) const TABLES: &[&[Keyword]] = &[
    process::ROWS,
    script::ROWS,
    mail::ROWS,
    vrrp::ROWS,
    firewall::ROWS,
    fifo::ROWS,
    lvs::ROWS,
    agent::ROWS,
    files::ROWS,
];
