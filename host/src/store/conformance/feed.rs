//! The feed: in order, in pages, only what is durable, and only as long as it should be.

use super::{KIND, Subject};
use crate::store::{
    Change, Expected, FEED_LENGTH, FeedEdges, FeedEntry, FeedPlace, MAX_RECORD_BYTES, SharedStore,
    StoreError,
};

async fn tell(store: &SharedStore, bodies: &[&str]) -> u64 {
    let change = bodies
        .iter()
        .fold(Change::new(), |change, body| change.tell("topic", *body));
    store.commit(change).await.unwrap().version
}

fn bodies(entries: &[FeedEntry]) -> Vec<&str> {
    let bodies = entries.iter();
    bodies
        .map(|entry| std::str::from_utf8(&entry.body).unwrap())
        .collect()
}

pub async fn entries_come_in_the_order_they_were_told(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    assert_eq!(store.feed(None, 10).await.unwrap(), []);
    assert_eq!(store.feed_edges().await.unwrap(), None);
    let first = tell(&store, &["1", "2", "3"]).await;
    let change = Change::new()
        .put(KIND, "theme", Expected::Any, "1")
        .tell("reading", "{ \"b\": 1.50, \"a\": \"ß\" }");
    let second = store.commit(change).await.unwrap();
    let found = store.feed(None, 10).await.unwrap();
    assert_eq!(
        bodies(&found),
        ["1", "2", "3", "{ \"b\": 1.50, \"a\": \"ß\" }"]
    );
    let place = |version, index| FeedPlace { version, index };
    let places = found.iter().map(|entry| entry.place).collect::<Vec<_>>();
    let wanted = [
        place(first, 0),
        place(first, 1),
        place(first, 2),
        place(second.version, 0),
    ];
    assert_eq!(places, wanted);
    assert_eq!(
        (found[3].topic.as_str(), found[3].at),
        ("reading", second.at)
    );
    let edges = FeedEdges {
        oldest: places[0],
        newest: places[3],
    };
    assert_eq!(store.feed_edges().await.unwrap(), Some(edges));
}

pub async fn a_listener_goes_on_from_its_place(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    for number in 0..20 {
        let (a, b) = (format!("\"{number}a\""), format!("\"{number}b\""));
        tell(&store, &[&a, &b, "0"]).await;
    }
    let all = store.feed(None, 100).await.unwrap();
    assert_eq!(all.len(), 60);
    let mut seen: Vec<FeedEntry> = Vec::new();
    loop {
        let after = seen.last().map(|entry| entry.place);
        let page = store.feed(after, 7).await.unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, all);
    assert_eq!(store.feed(None, 0).await.unwrap(), []);
    // A place needs no entry of its own: what comes after it is what is told.
    let between = FeedPlace {
        version: all[10].place.version,
        index: 99,
    };
    let found = store.feed(Some(between), 1).await.unwrap();
    assert!(found[0].place > between);
    let ahead = FeedPlace {
        version: u64::MAX,
        index: 0,
    };
    assert_eq!(store.feed(Some(ahead), 10).await.unwrap(), []);
}

pub async fn a_change_that_is_not_made_tells_nothing(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let change = Change::new()
        .tell("topic", "1")
        .check(KIND, "theme", Expected::Version(1));
    let refused = store.commit(change).await;
    assert!(
        matches!(refused, Err(StoreError::Stale { .. })),
        "{refused:?}"
    );
    assert_eq!(store.feed(None, 10).await.unwrap(), []);
    let large = format!("{:?}", "x".repeat(MAX_RECORD_BYTES));
    for change in [
        Change::new().tell("", "1"),
        Change::new().tell("a\nb", "1"),
        Change::new().tell("topic", "{"),
        Change::new().tell("topic", large),
    ] {
        let refused = store.commit(change).await;
        assert!(
            matches!(
                refused,
                Err(StoreError::Invalid { .. } | StoreError::TooLarge { .. })
            ),
            "{refused:?}"
        );
    }
    assert_eq!(store.feed(None, 10).await.unwrap(), []);
}

pub async fn whoever_waits_hears_of_each_durable_change(make: impl AsyncFn() -> Subject) {
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    let mut changed = store.changed();
    let before = *changed.borrow_and_update();
    let told = tell(&store, &["1"]).await;
    assert!(told > before);
    changed.changed().await.unwrap();
    assert!(*changed.borrow_and_update() >= told);
    assert!(!changed.has_changed().unwrap());
    // A listener that follows the hint sees everything, in order, and nothing twice.
    let listener = tokio::spawn({
        let store = store.clone();
        async move {
            let mut seen: Vec<FeedEntry> = Vec::new();
            while seen.len() < 101 {
                let after = seen.last().map(|entry| entry.place);
                let durable = *changed.borrow_and_update();
                let page = store.feed(after, 1000).await.unwrap();
                seen.extend(page);
                if seen.len() < 101 && *changed.borrow() == durable {
                    changed.changed().await.unwrap();
                }
            }
            seen
        }
    });
    let writers = (0..4).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0..25 {
                tell(&store, &[&format!("\"{writer}-{number}\"")]).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let seen = listener.await.unwrap();
    assert_eq!(seen, store.feed(None, 1000).await.unwrap());
    assert!(seen.is_sorted_by(|before, after| before.place < after.place));
}

pub async fn the_feed_keeps_the_newest(make: impl AsyncFn() -> Subject) {
    const EACH: usize = 500;
    let Subject {
        store, keep: _keep, ..
    } = make().await;
    for _ in 0..FEED_LENGTH / EACH {
        let change = (0..EACH).fold(Change::new(), |change, _| change.tell("topic", "1"));
        store.commit(change).await.unwrap();
    }
    let oldest = store.feed_edges().await.unwrap().unwrap().oldest;
    let mut newest = 0;
    for _ in 0..300 {
        newest = tell(&store, &["1", "2"]).await;
    }
    let edges = store.feed_edges().await.unwrap().unwrap();
    assert!(
        edges.oldest > oldest,
        "a listener can tell that it missed some"
    );
    assert_eq!((edges.newest.version, edges.newest.index), (newest, 1));
    let kept = store.feed(None, 2 * FEED_LENGTH).await.unwrap();
    assert_eq!(kept[0].place, edges.oldest);
    let length = kept.len();
    assert!(
        (FEED_LENGTH..=FEED_LENGTH + 1000).contains(&length),
        "{length}"
    );
    assert!(store.check().await.unwrap().is_sound());
}
