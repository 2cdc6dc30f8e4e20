//! What a subscriber of `tracing` sees, with the feature of that name.

mod support;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use photofinish::{CompletionSet, JoinError, TaskId, as_completed, completer};
use support::{Gate, LIMIT, eventually, pool, within};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber, info, info_span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What was seen of one task, in order.
type Seen = Vec<String>;

/// By the tasks' identities, as text.
static SEEN: Mutex<Option<HashMap<String, Seen>>> = Mutex::new(None);

fn seen() -> MutexGuard<'static, Option<HashMap<String, Seen>>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(id: &str, what: String) {
    seen().get_or_insert_default().entry(id.to_owned()).or_default().push(what);
}

/// What was seen of a task so far.
fn of(id: TaskId) -> Seen {
    seen().as_ref().and_then(|seen| seen.get(&id.to_string())).cloned().unwrap_or_default()
}

/// What was seen of a task from its submission to its end.
fn whole(id: TaskId) -> Seen {
    eventually("the span is closed", || of(id).last().is_some_and(|last| last == "closed"));
    of(id)
}

/// The fields of a span or event.
#[derive(Default)]
struct Fields(HashMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

/// The task that a span is of.
struct Task(String);

struct Watcher;

impl Watcher {
    fn note<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>, what: &str) {
        let span = context.span(id).expect("the span is there");
        if let Some(Task(id)) = span.extensions().get() {
            note(id, what.to_owned());
        }
        // What a subscriber does may go wrong anywhere.
        let below = span.parent().map(|parent| parent.name());
        assert_ne!(below, Some("thin ice"), "the subscriber breaks in: {what}");
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watcher {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().target() != "photofinish" {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let span = context.span(id).expect("the span is there");
        let parent = span.parent().map_or("nothing", |parent| parent.name());
        note(&fields.0["id"], format!("{} submitted below {parent}", span.name()));
        span.extensions_mut().insert(Task(fields.0["id"].clone()));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        Self::note(id, &context, &fields.0["outcome"]);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        Self::note(id, &context, "entered");
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        Self::note(id, &context, "left");
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(span) = context.event_span(event) {
            Self::note(&span.id(), &context, &fields.0["message"]);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        Self::note(&id, &context, "closed");
    }
}

/// A test with a watchdog and a subscriber.
fn traced(body: impl FnOnce() + Send + 'static) {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Watcher);
        tracing::subscriber::set_global_default(subscriber).expect("there is no other");
    });
    within(LIMIT, body);
}

#[test]
fn a_task_is_a_span_below_its_submitters_which_is_entered_while_it_runs() {
    traced(|| {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let task = info_span!("submitter").in_scope(|| pool.submit(|| info!("inside")));
        let id = task.id();
        let mut results = as_completed([task]);
        assert_eq!(of(id), ["task submitted below submitter"]);
        gate.open();
        results.next().unwrap().outcome.unwrap();
        let expected = [
            "task submitted below submitter",
            "entered",
            "inside",
            "left",
            "returned",
            "delivered",
            "closed",
        ];
        assert_eq!(whole(id), expected);
        running.join().unwrap();
    });
}

/// There is no delivery when nobody waits: whoever comes later finds the outcome with the task.
#[test]
fn a_task_that_nobody_waits_for_is_not_delivered() {
    traced(|| {
        let pool = pool(1);
        let task = pool.submit(|| 1);
        eventually("it has finished", || task.is_finished());
        let id = task.id();
        let expected = ["task submitted below nothing", "entered", "left", "returned"];
        assert_eq!(of(id), expected);
        task.join().unwrap();
        assert_eq!(whole(id).last().unwrap(), "closed");
    });
}

#[test]
fn the_outcome_is_told() {
    traced(|| {
        let pool = pool(1);
        let gate = Gate::default();
        let running = gate.hold_a_worker(&pool);
        let cancelled = pool.submit(|| 1);
        let failing = pool.submit(|| -> i32 { panic!("as is right") });
        let [first, second] = [cancelled.id(), failing.id()];
        cancelled.cancel();
        drop(cancelled);
        gate.open();
        assert!(matches!(failing.join(), Err(JoinError::Panicked(_))));
        assert_eq!(whole(first), ["task submitted below nothing", "cancelled", "closed"]);
        let seen = whole(second);
        assert!(seen.starts_with(
            &["task submitted below nothing", "entered", "left", "failed"].map(String::from)
        ));
        drop(pool);
        running.join().unwrap();
    });
}

#[test]
fn a_task_of_a_task_is_a_span_below_its_span() {
    traced(|| {
        let pool = pool(2);
        let handle = pool.handle();
        let outer = pool.submit(move || {
            let inner = handle.submit(|| 2);
            (inner.id(), inner.join().unwrap())
        });
        let (inner, _) = outer.join().unwrap();
        assert_eq!(whole(inner)[0], "task submitted below task");
    });
}

#[test]
fn each_way_to_submit_is_one_span_and_what_the_library_submits_is_none() {
    traced(|| {
        let pool = pool(2);
        let mut ids: Vec<_> = Vec::new();
        info_span!("all of them").in_scope(|| {
            let mut set = CompletionSet::new();
            ids.push(set.submit(&pool, || 1));
            ids.push(set.adder().submit(&pool, || 2));
            assert_eq!(set.submit_batch(&pool, [|| 3]), 1);
            while let Some(finished) = set.next_finished() {
                if !ids.contains(&finished.id) {
                    ids.push(finished.id);
                }
            }
            for task in pool.submit_batch([|| 4, || 5]) {
                ids.push(task.id());
                let shared = task.shared();
                shared.on_complete(|_| ());
                as_completed([shared.clone(), shared]).for_each(drop);
            }
            ids.push(pool.try_submit(|| 6).unwrap().id());
            ids.push(pool.scope(|scope| scope.submit(|| 7).id()));
            assert_eq!(pool.map(0..100, |n| n).count(), 100);
            assert_eq!(pool.map_unordered(0..100, |n| n).count(), 100);
            let (by_hand, handle) = completer();
            by_hand.complete(8).unwrap();
            handle.join().unwrap();
        });
        drop(pool);
        assert_eq!(ids.len(), 7);
        for id in &ids {
            assert_eq!(whole(*id)[0], "task submitted below all of them");
        }
        let ours = |seen: &&Seen| seen[0].ends_with("below all of them");
        assert_eq!(seen().as_ref().unwrap().values().filter(ours).count(), ids.len());
    });
}

#[test]
fn a_subscriber_that_panics_harms_no_task() {
    traced(|| {
        let pool = pool(1);
        let tasks =
            info_span!("thin ice").in_scope(|| pool.submit_batch((0..10).map(|n| move || n)));
        let ids: Vec<_> = tasks.iter().map(|task| task.id()).collect();
        let results = as_completed(tasks).map(|finished| finished.outcome.unwrap());
        assert_eq!(results.sum::<i32>(), 45);
        assert!(ids.into_iter().all(|id| whole(id).contains(&"entered".to_owned())));
        let task = info_span!("thin ice").in_scope(|| pool.submit(|| 1));
        task.cancel();
        drop(task);
        assert_eq!(pool.submit(|| 2).join().unwrap(), 2);
    });
}
