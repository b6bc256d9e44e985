//! A version that only ever has to be stopped is left alone for a while.
//!
//! After a few calls in a row that the sandbox had to end for the guest's own fault, with no answer in
//! between, calls are refused at once, so that a broken extractor costs nobody's time. When the rest is
//! over one call is let through: an answer ends it, another stop begins a rest that is twice as long.
//! An extractor's own failure is an answer. That the server was busy says nothing either way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::sandbox::{CallError, Called, StopCode};

/// Stops in a row that begin a rest.
const PATIENCE: u32 = 5;
/// How long the first rest is.
const FIRST: SignedDuration = SignedDuration::from_secs(1);
/// How long a rest is at most.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// What a call says of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answers, be it with a failure of its own.
    Answers,
    /// It had to be stopped by its own fault.
    Stopped,
    /// Nothing: the call was not its to answer, or not in the time that there was.
    Nothing,
}

impl Sign {
    pub fn of<T>(outcome: &Result<Called<T>, CallError>) -> Self {
        match outcome {
            Ok(_) | Err(CallError::Failure(_)) => Self::Answers,
            Err(CallError::Stopped(stopped)) => match stopped.code {
                StopCode::Trap
                | StopCode::CpuTimeout
                | StopCode::StackOverflow
                | StopCode::LogLimit => Self::Stopped,
                // How large an answer or a memory gets is mostly the chart's doing: one that is too
                // large must not keep others from being read.
                StopCode::MemoryLimit
                | StopCode::OutputLimit
                | StopCode::WallTimeout
                | StopCode::Busy
                | StopCode::Incompatible => Self::Nothing,
            },
        }
    }
}

/// Whether a version is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stand {
    /// It is.
    #[default]
    Answering,
    /// Not before then; the next call after it tells whether it answers again.
    Resting(Timestamp),
    /// One call is under way that will tell.
    Probing,
}

/// A turn that the calls of a version have taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It rests for so long.
    Rests(SignedDuration),
    /// It answers again.
    Answers,
}

/// How long a caller who is refused should wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub SignedDuration);

/// The breaker of one version. As long as it answers, a call costs two looks at a flag.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Whether there is anything to look at at all.
    troubled: AtomicBool,
    circuit: Mutex<Circuit>,
}

/// Leave for one call. A probe that is dropped without a sign makes room for another.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    of: &'a Breaker,
    is_probe: bool,
}

impl Breaker {
    /// Leave for a call, or how long to wait.
    pub fn leave(&self, clock: &dyn Clock) -> Result<Leave<'_>, Refused> {
        let is_probe = self.troubled.load(Ordering::Acquire) && self.lock().enter(clock.now())?;
        Ok(Leave { of: self, is_probe })
    }

    /// Leave for a call that is made in any case, and is no probe.
    pub fn regardless(&self) -> Leave<'_> {
        Leave {
            of: self,
            is_probe: false,
        }
    }

    /// Whether it is called just now, and how often it has been stopped in a row.
    pub fn stand(&self, now: Timestamp) -> (Stand, u32) {
        let circuit = self.lock();
        (circuit.stand(now), circuit.stops)
    }

    /// Whether a call would be refused.
    pub fn is_resting(&self, clock: &dyn Clock) -> bool {
        self.troubled.load(Ordering::Acquire) && self.lock().refuses(clock.now())
    }

    /// Whether it has rested and not answered since.
    pub fn is_open(&self) -> bool {
        self.troubled.load(Ordering::Acquire) && self.lock().rest.is_some()
    }

    /// Forgets what was: somebody has decided that it is to be called.
    pub fn begin_anew(&self) {
        let mut circuit = self.lock();
        *circuit = Circuit::default();
        self.troubled.store(false, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// What the call has shown, and whether that is a turn.
    pub fn shows(mut self, sign: Sign, clock: &dyn Clock) -> Option<Turn> {
        let is_probe = std::mem::take(&mut self.is_probe);
        let troubled = self.of.troubled.load(Ordering::Acquire);
        if !troubled && sign != Sign::Stopped {
            return None;
        }
        let mut circuit = self.of.lock();
        let turn = match sign {
            Sign::Answers => circuit.answered(),
            Sign::Stopped => circuit.stopped(is_probe, clock.now()),
            Sign::Nothing if is_probe => {
                circuit.lost();
                None
            }
            Sign::Nothing => None,
        };
        let troubled = circuit.stops > 0;
        self.of.troubled.store(troubled, Ordering::Release);
        turn
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.of.lock().lost();
        }
    }
}

/// The same without a clock and for one caller at a time.
#[derive(Debug, Default)]
struct Circuit {
    /// Stops since the last answer.
    stops: u32,
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Timestamp,
    lasts: SignedDuration,
    /// A call is under way that will tell.
    is_probed: bool,
}

impl Rest {
    fn of(lasts: SignedDuration, now: Timestamp) -> Self {
        Self {
            until: now.saturating_add(lasts).unwrap_or(now),
            lasts,
            is_probed: false,
        }
    }

    /// What is left of it. A clock that was set back makes no rest longer than it is.
    fn left(&self, now: Timestamp) -> SignedDuration {
        let left = self.until.duration_since(now);
        left.clamp(SignedDuration::ZERO, self.lasts)
    }
}

impl Circuit {
    /// Whether a call that is let through is a probe; an error refuses it.
    fn enter(&mut self, now: Timestamp) -> Result<bool, Refused> {
        let Some(rest) = &mut self.rest else {
            return Ok(false);
        };
        let left = rest.left(now);
        if !left.is_zero() {
            // As much as is left by this clock, should it have been set back.
            rest.until = now.saturating_add(left).unwrap_or(now);
            return Err(Refused(left));
        }
        if rest.is_probed {
            return Err(Refused(FIRST));
        }
        rest.is_probed = true;
        Ok(true)
    }

    fn answered(&mut self) -> Option<Turn> {
        self.stops = 0;
        self.rest.take().map(|_| Turn::Answers)
    }

    fn stopped(&mut self, is_probe: bool, now: Timestamp) -> Option<Turn> {
        self.stops = self.stops.saturating_add(1);
        let lasts = match &self.rest {
            None if self.stops >= PATIENCE => FIRST,
            Some(rest) if is_probe => rest.lasts.saturating_mul(2).min(LONGEST),
            // What began before the rest says nothing new.
            _ => return None,
        };
        self.rest = Some(Rest::of(lasts, now));
        Some(Turn::Rests(lasts))
    }

    /// A probe has shown nothing: the next call is one.
    fn lost(&mut self) {
        if let Some(rest) = &mut self.rest {
            rest.is_probed = false;
        }
    }

    fn refuses(&self, now: Timestamp) -> bool {
        let rest = self.rest.as_ref();
        rest.is_some_and(|rest| rest.is_probed || !rest.left(now).is_zero())
    }

    fn stand(&self, now: Timestamp) -> Stand {
        match &self.rest {
            None => Stand::Answering,
            Some(rest) if rest.is_probed => Stand::Probing,
            Some(rest) => Stand::Resting(now.saturating_add(rest.left(now)).unwrap_or(rest.until)),
        }
    }
}

#[cfg(test)]
mod tests;
