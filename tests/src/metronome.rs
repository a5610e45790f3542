//! How punctual the machine itself is: one thread on each processor sleeps for 5 ms again and
//! again, and notes when it was woken late. A bound of some tens of milliseconds means something
//! only together with this; on an idle machine it adds nothing.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

const BEAT: Duration = Duration::from_millis(5);
/// Later than this is worth a note.
const LATE: Duration = Duration::from_millis(5);
/// A machine that is later than this is no place for these tests, and nothing more is forgiven.
const MOST: Duration = Duration::from_millis(150);

static LATE_BEATS: OnceLock<Mutex<Vec<Beat>>> = OnceLock::new();

#[derive(Clone, Copy, Debug)]
struct Beat {
    due: Instant,
    late: Duration,
}

/// Starts it, once for all laboratories of this process.
pub fn start() {
    LATE_BEATS.get_or_init(|| {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        for processor in 0..processors {
            std::thread::spawn(move || beat(processor));
        }
        Mutex::default()
    });
}

/// The latest beat between two moments, as far as it is forgiven.
pub fn lateness(from: Instant, to: Instant) -> Duration {
    let beats = beats();
    let within = beats
        .iter()
        .filter(|beat| beat.due + beat.late >= from && beat.due <= to);
    within
        .map(|beat| beat.late)
        .max()
        .unwrap_or_default()
        .min(MOST)
}

fn beats() -> MutexGuard<'static, Vec<Beat>> {
    let list = LATE_BEATS.get_or_init(Mutex::default);
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn beat(processor: usize) {
    let mut own = CpuSet::new();
    // Where the processor is not ours to choose, the beat comes from any.
    let _anywhere = own
        .set(processor)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &own));
    loop {
        let due = Instant::now() + BEAT;
        std::thread::park_timeout(BEAT);
        let late = Instant::now().saturating_duration_since(due);
        if late > LATE {
            beats().push(Beat { due, late });
        }
    }
}
