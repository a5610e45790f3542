//! The system call table, row by row: each allowed call works, and dies when its row is taken out;
//! what no row allows kills the process.
//!
//! Each case runs in a process of its own: this program starts itself with the case in its
//! environment. It has no test harness, since that would run the case in a second thread, and the
//! real child has but one.

#[cfg(test)]
mod cases;
#[path = "../../src/io/filter.rs"]
#[cfg(test)]
mod filter;
#[cfg(test)]
mod forbidden;
#[cfg(test)]
mod operations;

fn main() {
    cases::main();
}
