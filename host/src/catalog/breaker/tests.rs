//! When a version rests, for how long, and what ends it; by a clock that is moved by hand.

use super::*;
use crate::clock::ManualClock;

fn secs(secs: i64) -> SignedDuration {
    SignedDuration::from_secs(secs)
}

/// One call, if it is let through.
fn call(breaker: &Breaker, clock: &ManualClock, sign: Sign) -> Result<Option<Turn>, Refused> {
    Ok(breaker.leave(clock)?.shows(sign, clock))
}

/// A version that has just been stopped often enough.
fn broken(clock: &ManualClock) -> Breaker {
    let breaker = Breaker::default();
    for _ in 1..PATIENCE {
        assert_eq!(call(&breaker, clock, Sign::Stopped), Ok(None));
    }
    assert_eq!(
        call(&breaker, clock, Sign::Stopped),
        Ok(Some(Turn::Rests(FIRST)))
    );
    breaker
}

#[test]
fn only_stops_in_a_row_begin_a_rest() {
    let (clock, breaker) = (ManualClock::default(), Breaker::default());
    for _ in 0..3 {
        for _ in 1..PATIENCE {
            assert_eq!(call(&breaker, &clock, Sign::Stopped), Ok(None));
            assert_eq!(call(&breaker, &clock, Sign::Nothing), Ok(None));
        }
        assert_eq!(call(&breaker, &clock, Sign::Answers), Ok(None));
    }
    assert_eq!(breaker.stand(clock.now()), (Stand::Answering, 0));
    assert!(!breaker.troubled.load(Ordering::Relaxed));
}

#[test]
fn rests_double_up_to_the_longest_and_an_answer_ends_them() {
    let clock = ManualClock::default();
    let breaker = broken(&clock);
    for lasts in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let next = (lasts * 2).min(300);
        clock.advance(secs(lasts) - SignedDuration::from_millis(1));
        let left = Refused(SignedDuration::from_millis(1));
        assert_eq!(call(&breaker, &clock, Sign::Answers), Err(left), "{lasts}");
        clock.advance(SignedDuration::from_millis(1));
        let turn = call(&breaker, &clock, Sign::Stopped);
        assert_eq!(turn, Ok(Some(Turn::Rests(secs(next)))), "{lasts}");
    }
    clock.advance(secs(300));
    assert!(breaker.is_open());
    let turn = call(&breaker, &clock, Sign::Answers);
    assert_eq!(turn, Ok(Some(Turn::Answers)));
    assert_eq!(breaker.stand(clock.now()), (Stand::Answering, 0));
    // The next rest is a short one again.
    for _ in 1..PATIENCE {
        assert_eq!(call(&breaker, &clock, Sign::Stopped), Ok(None));
    }
    let turn = call(&breaker, &clock, Sign::Stopped);
    assert_eq!(turn, Ok(Some(Turn::Rests(FIRST))));
}

#[test]
fn one_call_at_a_time_probes_and_one_that_shows_nothing_is_followed_by_another() {
    let clock = ManualClock::default();
    let breaker = broken(&clock);
    clock.advance(FIRST);
    let probe = breaker.leave(&clock).expect("a probe");
    assert_eq!(breaker.stand(clock.now()).0, Stand::Probing);
    assert!(breaker.leave(&clock).is_err() && breaker.is_resting(&clock));
    // The caller has hung up.
    drop(probe);
    assert!(!matches!(breaker.stand(clock.now()).0, Stand::Probing));
    assert_eq!(call(&breaker, &clock, Sign::Nothing), Ok(None));
    assert_eq!(
        call(&breaker, &clock, Sign::Stopped),
        Ok(Some(Turn::Rests(secs(2))))
    );
}

#[test]
fn what_began_before_a_rest_can_end_it_and_not_lengthen_it() {
    let clock = ManualClock::default();
    let breaker = broken(&clock);
    let before = breaker.regardless();
    assert_eq!(before.shows(Sign::Stopped, &clock), None);
    clock.advance(FIRST - SignedDuration::from_millis(1));
    assert!(breaker.leave(&clock).is_err());
    let before = breaker.regardless();
    assert_eq!(before.shows(Sign::Answers, &clock), Some(Turn::Answers));
    assert!(breaker.leave(&clock).is_ok());
}

#[test]
fn a_clock_that_is_set_back_makes_no_rest_longer() {
    let clock = ManualClock::default();
    let breaker = broken(&clock);
    clock.advance(secs(-3_600));
    assert_eq!(breaker.leave(&clock).map(drop), Err(Refused(FIRST)));
    clock.advance(FIRST);
    assert!(breaker.leave(&clock).is_ok());
}
