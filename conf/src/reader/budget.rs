//! How much definitions and generators may make.

/// Uses of definitions inside each other, and lines that make lines. People nest three or four
/// deep; a hundred is a mistake and still far from the end of the stack.
pub(super) const MAX_DEPTH: usize = 100;

/// Rounds of generators inside each other. The manual's largest example has 65,024; four times
/// that is more than the VRIDs of a thousand interfaces.
pub(super) const MAX_ROUNDS: u64 = 262_144;

/// Lines that are made in all: the manual's largest example has 910,336.
const MAX_LINES: usize = 1_000_000;

/// Bytes of the lines that are made, as for one file.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Work while lines are made; the manual's largest example costs two thirds of it.
/// What stands for nothing at all ends here after about half a second.
const MAX_WORK: usize = 384 * 1024 * 1024;

/// What each step costs beside the bytes of its line.
const STEP: usize = 128;

/// Uses inside each other that cost nothing more. People nest three or four deep.
const FREE_DEPTH: usize = 6;

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    lines: usize,
    bytes: usize,
    work: usize,
}

/// Nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exhausted;

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            lines: MAX_LINES,
            bytes: MAX_BYTES,
            work: MAX_WORK,
        }
    }

    /// Pays for a step on a line of some bytes.
    pub(super) fn step(&mut self, bytes: usize) -> Result<(), Exhausted> {
        pay(&mut self.work, bytes.saturating_add(STEP))
    }

    /// Pays for a use inside of others. Values that double at each level need many levels to become
    /// large, so what is deep is dear: it ends within milliseconds.
    pub(super) fn depth(&mut self, depth: usize) -> Result<(), Exhausted> {
        let dear = depth.saturating_sub(FREE_DEPTH);
        pay(&mut self.work, dear.saturating_mul(STEP).saturating_mul(4))
    }

    /// Pays for a made line.
    pub(super) fn line(&mut self, bytes: usize) -> Result<(), Exhausted> {
        pay(&mut self.lines, 1)?;
        pay(&mut self.bytes, bytes.saturating_add(1))
    }

    /// What the limits are, for the operator.
    pub(super) fn limits() -> String {
        format!("at most {MAX_LINES} lines and {MAX_BYTES} bytes are made")
    }
}

fn pay(left: &mut usize, price: usize) -> Result<(), Exhausted> {
    *left = left.checked_sub(price).ok_or(Exhausted)?;
    Ok(())
}
