//! What happens when the time is over, when the caller goes away, and when many run at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::running::chart;
use super::stand_in::{Reply, StandIn};
use super::{connect, eventually, loopback};
use crate::clock::SystemClock;
use crate::looker::{Deadline, Doing, Looker, LookerError, PickedUp, Places, Queue, Run};

const TASKS: &str = "POST /api/4.0/query_tasks";
const TASK: &str = "GET /api/4.0/query_tasks/t1";
const KILL: &str = "DELETE /api/4.0/running_queries/t1";

fn within(time: u64) -> Run {
    Run {
        deadline: Some(Deadline::after(Duration::from_millis(time))),
        ..Run::default()
    }
}

fn task_running() -> Value {
    json!({"id": "t1", "query_id": "q1", "status": "running"})
}

fn running() -> Reply {
    Reply::Json(200, task_running())
}

/// A Looker whose query runs until the switch is set.
async fn slow() -> (StandIn, Arc<AtomicBool>) {
    let done = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&done);
    let server = StandIn::start(move |seen| {
        (seen.call == TASK && !done.load(Ordering::SeqCst)).then(running)
    })
    .await;
    (server, switch)
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_left_to_finish_and_picked_up() {
    let (server, done) = slow().await;
    let looker = server.connect();
    let error = looker.run(&chart(), &within(500)).await.unwrap_err();
    let LookerError::Timeout {
        task_id: Some(task_id),
        doing: Doing::Running,
        waited,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert!(
        *waited >= Duration::from_millis(500) && *waited < Duration::from_secs(3),
        "{waited:?}"
    );
    assert!(
        error
            .to_string()
            .contains("open the dashboard in Looker once"),
        "{error}"
    );
    assert_eq!(
        looker.pick_up_now(task_id).await.unwrap(),
        PickedUp::Running
    );
    done.store(true, Ordering::SeqCst);
    let PickedUp::Done(fetched) = looker.pick_up_now(task_id).await.unwrap() else {
        panic!("it is done");
    };
    assert_eq!(fetched.query_id, "q1");
    assert_eq!(
        fetched.explore_url.as_deref(),
        Some("https://looker.example.com/x/abc")
    );
    assert_eq!((server.count(TASKS), server.count(KILL)), (1, 0));
}

#[tokio::test]
async fn a_task_that_looker_no_longer_knows_is_gone() {
    let server = StandIn::start(|seen| {
        let killed = json!({"id": "t1", "status": "killed"});
        (seen.call == TASK).then_some(Reply::Json(200, killed))
    })
    .await;
    let looker = server.connect();
    for task_id in ["unknown", "t1", "..", ""] {
        assert_eq!(
            looker.pick_up_now(task_id).await.unwrap(),
            PickedUp::Gone,
            "{task_id}"
        );
    }
}

#[tokio::test]
async fn an_expired_task_is_picked_up_all_the_same() {
    let server = StandIn::start(|seen| {
        let expired = json!({"id": "t1", "query_id": "q1", "status": "expired"});
        (seen.call == TASK).then_some(Reply::Json(200, expired))
    })
    .await;
    assert!(matches!(
        server.connect().pick_up_now("t1").await.unwrap(),
        PickedUp::Done(_)
    ));
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_the_query_along() {
    let (server, _done) = slow().await;
    let looker = server.connect();
    let waiting = tokio::spawn({
        let looker = looker.clone();
        async move { looker.run(&chart(), &Run::default()).await }
    });
    eventually("the query runs", || server.count(TASK) > 0).await;
    waiting.abort();
    eventually("the query is killed", || server.count(KILL) == 1).await;
    looker.logout().await;
    assert_eq!(server.count("DELETE /api/4.0/logout"), 1);
}

#[tokio::test]
async fn a_query_that_somebody_else_needs_is_not_killed() {
    let (server, done) = slow().await;
    let looker = server.connect();
    let run = |run: Run| {
        let looker = looker.clone();
        tokio::spawn(async move { looker.run(&chart(), &run).await })
    };
    let (leaver, stayer) = (run(Run::default()), run(Run::default()));
    eventually("both run", || {
        server.count(TASKS) == 2 && server.count(TASK) > 2
    })
    .await;
    leaver.abort();
    assert!(leaver.await.unwrap_err().is_cancelled());
    done.store(true, Ordering::SeqCst);
    stayer.await.unwrap().unwrap();
    looker.logout().await;
    assert_eq!(server.count(KILL), 0);
}

#[tokio::test]
async fn a_query_that_was_left_to_finish_is_not_killed_by_another_caller() {
    let (server, _done) = slow().await;
    let looker = server.connect();
    looker.run(&chart(), &within(300)).await.unwrap_err();
    let before = server.count(TASK);
    let leaver = tokio::spawn({
        let looker = looker.clone();
        async move { looker.run(&chart(), &Run::default()).await }
    });
    eventually("it runs again", || server.count(TASK) > before).await;
    leaver.abort();
    assert!(leaver.await.unwrap_err().is_cancelled());
    looker.logout().await;
    assert_eq!(server.count(KILL), 0);
}

#[tokio::test]
async fn no_more_queries_run_at_once_than_there_are_places() {
    let open = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let seen_open = Arc::clone(&open);
    let server = StandIn::start(move |seen| {
        let (now, most) = (&seen_open.0, &seen_open.1);
        if seen.call == TASKS {
            let id = format!("n{}", seen.nth);
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            return Some(Reply::Json(200, json!({"id": id, "status": "added"})));
        }
        let rest = seen.call.strip_prefix("GET /api/4.0/query_tasks/")?;
        if rest.ends_with("/results") {
            now.fetch_sub(1, Ordering::SeqCst);
            return Some(Reply::Json(200, json!({"data": []})));
        }
        Some(Reply::Json(200, json!({"id": rest, "status": "complete"})))
    })
    .await;
    let mut settings = server.settings();
    settings.max_concurrent = 3;
    let looker = connect(settings);
    let (chart, run) = (chart(), Run::default());
    let all = join_all((0..20).map(|_| looker.run(&chart, &run))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(open.1.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn waiting_for_a_place_is_part_of_a_persons_time_and_told_as_what_it_is() {
    let (server, _done) = slow().await;
    let mut settings = server.settings();
    settings.max_concurrent = 1;
    let looker = connect(settings);
    let first = tokio::spawn({
        let looker = looker.clone();
        async move { looker.run(&chart(), &Run::default()).await }
    });
    eventually("the only place is taken", || server.count(TASK) > 0).await;
    let error = looker.run(&chart(), &within(200)).await.unwrap_err();
    let LookerError::Busy { waited, places: 1 } = error else {
        panic!("{error:?}");
    };
    assert!(waited >= Duration::from_millis(200), "{waited:?}");
    assert_eq!(server.count(TASKS), 1, "Looker was not asked");
    first.abort();
}

#[tokio::test]
async fn waiting_for_a_place_takes_nothing_of_a_schedules_time_and_ends() {
    let (server, done) = slow().await;
    let mut settings = server.settings();
    settings.max_concurrent = 1;
    let looker = connect(settings);
    let first = tokio::spawn({
        let looker = looker.clone();
        async move { looker.run(&chart(), &Run::default()).await }
    });
    eventually("the only place is taken", || server.count(TASK) > 0).await;
    let besides = |longest| Run {
        queue: Queue::Besides(longest),
        ..within(2_000)
    };
    let vain = looker
        .run(&chart(), &besides(Duration::from_millis(50)))
        .await;
    assert!(matches!(vain, Err(LookerError::Busy { .. })), "{vain:?}");
    let second = tokio::spawn({
        let (looker, run) = (looker.clone(), besides(Duration::from_secs(60)));
        async move {
            let outcome = looker.run(&chart(), &run).await;
            (outcome, run.deadline.unwrap().left())
        }
    });
    let began = tokio::time::Instant::now();
    eventually("its own time would be over", || {
        began.elapsed() > Duration::from_millis(2_100)
    })
    .await;
    done.store(true, Ordering::SeqCst);
    let (outcome, left) = second.await.unwrap();
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(left.is_zero());
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_query_that_is_left_to_finish_keeps_its_place_until_it_is_seen_to_have_ended() {
    let (server, done) = slow().await;
    let mut settings = server.settings();
    settings.max_concurrent = 1;
    let looker = connect(settings);
    let late = looker.run(&chart(), &within(300)).await.unwrap_err();
    assert_eq!(late.code(), "looker-timeout");
    let busy = looker.run(&chart(), &within(300)).await.unwrap_err();
    assert_eq!(busy.code(), "busy");
    assert_eq!(server.count(TASKS), 1, "at most one runs at Looker");
    // Nobody picks it up; that it has ended is seen all the same.
    done.store(true, Ordering::SeqCst);
    assert!(looker.run(&chart(), &within(10_000)).await.is_ok());
    assert_eq!(server.count(KILL), 0);
}

#[tokio::test]
async fn a_query_that_never_ends_keeps_its_place_for_a_bounded_time_and_picking_it_up_needs_none() {
    let (server, _done) = slow().await;
    let settings = server.settings();
    let places = Places::leaving_for(1, Duration::from_millis(400));
    let clock = SystemClock::shared();
    let looker = Looker::with_places(settings, loopback(), clock, Arc::clone(&places)).unwrap();
    assert!(looker.run(&chart(), &within(300)).await.is_err());
    assert_eq!(looker.pick_up_now("t1").await.unwrap(), PickedUp::Running);
    let second = looker.run(&chart(), &within(5_000)).await.unwrap_err();
    assert_eq!((second.code(), server.count(TASKS)), ("looker-timeout", 2));
}

#[tokio::test]
async fn an_edited_connection_has_the_places_of_the_one_before() {
    let (server, done) = slow().await;
    let places = Places::new(1);
    let client = || {
        let clock = SystemClock::shared();
        Looker::with_places(server.settings(), loopback(), clock, Arc::clone(&places)).unwrap()
    };
    let before = client();
    assert!(before.run(&chart(), &within(300)).await.is_err());
    before.logout().await;
    let after = client();
    let busy = after.run(&chart(), &within(300)).await.unwrap_err();
    assert_eq!((busy.code(), server.count(TASKS)), ("busy", 1));
    done.store(true, Ordering::SeqCst);
    assert!(matches!(
        after.pick_up_now("t1").await.unwrap(),
        PickedUp::Done(_)
    ));
    assert!(after.run(&chart(), &within(300)).await.is_ok());
}

#[tokio::test]
async fn a_caller_who_goes_away_while_a_query_is_begun_leaves_none_behind() {
    let server = StandIn::start(move |seen| {
        (seen.call == TASKS).then(|| Reply::Later(Duration::from_millis(600), 200, task_running()))
    })
    .await;
    let looker = server.connect();
    let error = looker.run(&chart(), &within(200)).await.unwrap_err();
    assert_eq!(error.code(), "looker-timeout");
    eventually("it is killed once its name is known", || {
        server.count(KILL) == 1
    })
    .await;
}

#[tokio::test]
async fn a_question_that_is_never_answered_does_not_lose_the_task() {
    let server = StandIn::start(|seen| (seen.call == TASK).then_some(Reply::Never)).await;
    let error = server
        .connect()
        .run(&chart(), &within(500))
        .await
        .unwrap_err();
    let LookerError::Timeout { task_id, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(task_id.as_deref(), Some("t1"));
}
