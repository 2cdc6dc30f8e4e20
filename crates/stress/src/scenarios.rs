//! What a consumer does with a pool.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use futures_core::Stream;
use photofinish::{
    AsCompleted, BuildError, Canceller, Completer, CompletionSet, Finished, Handle, JoinHandle,
    Pool, SharedHandle, as_completed, completer,
};

use crate::executor::{block_on, poll_once};
use crate::ledger::{self, Batch, Parcel, Plan, Token};

/// A pool of a random shape, with at most `workers` workers.
pub(crate) fn pool(rng: &mut Rng, workers: usize) -> Result<Pool, BuildError> {
    let spins = [Duration::ZERO, Duration::from_micros(20), Duration::from_micros(200)];
    Pool::builder()
        .workers(rng.usize(1..=workers))
        .spin(spins[rng.usize(..spins.len())])
        .stack_size(8 * 1024 * 1024)
        .on_thread_start(|_| ledger::count_this_thread())
        .build()
}

/// How often tasks may wait for tasks of their own.
const DEPTH: usize = 2;

/// The next item of a stream.
fn next<S: Stream + Unpin>(stream: &mut S) -> impl Future<Output = Option<S::Item>> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context))
}

/// Runs `f`, which may panic as intended.
fn contain(f: impl FnOnce()) {
    catch_unwind(AssertUnwindSafe(f)).ok();
}

/// A thread or a task that submits and waits.
pub(crate) struct Consumer {
    pool: Handle,
    rng: Rng,
    workers: usize,
    /// How often tasks may still wait for tasks of their own.
    depth: usize,
}

impl Consumer {
    /// A consumer with its own stream of decisions.
    pub(crate) fn new(pool: Handle, rng: Rng, workers: usize) -> Self {
        Self { pool, rng, workers, depth: DEPTH }
    }

    /// Another consumer of the same pool, one level down.
    fn child(&mut self) -> Self {
        Self {
            pool: self.pool.clone(),
            rng: self.rng.fork(),
            workers: self.workers,
            depth: self.depth - 1,
        }
    }

    /// Goes through one scenario.
    pub(crate) fn any_scenario(&mut self) {
        match self.rng.u8(..14) {
            0 => self.join_each(),
            1 => self.iterate(),
            2 => self.keep_a_window(),
            3 => self.storm_of_cancels(),
            4 => self.time_out(),
            5 => self.take_handles_back(),
            6 => self.nest(),
            7 => self.detach(),
            8 => self.feed_from_threads(),
            9 => self.make_and_drop_a_pool(),
            10 => self.drop_a_pool_on_its_worker(),
            11 => self.call_back(),
            12 => self.share(),
            _ => self.move_between_threads(),
        }
    }

    /// Whether this is a plain thread. A worker that blocks on an await runs no other tasks, and all
    /// of them might.
    fn may_block_on_awaits(&self) -> bool {
        self.depth == DEPTH
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.rng.u8(..100) < percent
    }

    fn plan(&mut self) -> Plan {
        let pause = match self.rng.u8(..100) {
            0..70 => 0,
            70..95 => self.rng.u16(..5),
            _ => self.rng.u16(100..300),
        };
        Plan {
            panics: self.chance(5),
            token_panics: self.chance(3),
            value_panics: self.chance(5),
            pause,
        }
    }

    fn token(&mut self, batch: &mut Batch) -> Token {
        let token = Token::enter(self.plan());
        batch.add(&token);
        token
    }

    fn submit(&mut self, batch: &mut Batch) -> JoinHandle<Parcel> {
        let token = self.token(batch);
        self.pool.submit(move || token.work())
    }

    fn submit_some(&mut self, most: usize) -> (Batch, Vec<JoinHandle<Parcel>>) {
        let mut batch = Batch::default();
        let count = self.rng.usize(1..=most);
        let handles = (0..count).map(|_| self.submit(&mut batch)).collect();
        (batch, handles)
    }

    /// Each handle is joined, polled, waited for with a time limit, or dropped.
    fn join_each(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        let mut handles: Vec<_> = handles.into_iter().enumerate().collect();
        self.rng.shuffle(&mut handles);
        for (index, handle) in handles {
            self.join(&mut batch, index, handle);
        }
    }

    fn join(&mut self, batch: &mut Batch, index: usize, mut handle: JoinHandle<Parcel>) {
        if self.chance(10) {
            handle.cancel();
        }
        if self.chance(20)
            && let Poll::Ready(outcome) = poll_once(&mut handle)
        {
            return batch.outcome(index, outcome);
        }
        match self.rng.u8(..10) {
            0 => {
                contain(|| drop(handle));
                batch.let_go(index);
            }
            1 | 2 => {
                for _ in 0..self.rng.usize(..4) {
                    match handle.try_join() {
                        Ok(outcome) => return batch.outcome(index, outcome),
                        Err(back) => handle = back,
                    }
                    thread::yield_now();
                }
                batch.outcome(index, handle.join());
            }
            3..6 => {
                for _ in 0..self.rng.usize(..4) {
                    match handle.join_timeout(Duration::from_micros(self.rng.u64(..200))) {
                        Ok(outcome) => return batch.outcome(index, outcome),
                        Err(back) => handle = back,
                    }
                }
                batch.outcome(index, handle.join());
            }
            6 | 7 if self.may_block_on_awaits() => {
                let polls_per_waker = self.rng.usize(1..4);
                batch.outcome(index, block_on(handle, polls_per_waker));
            }
            _ => batch.outcome(index, handle.join()),
        }
    }

    /// An iterator that is drained, one by one, by polling or in batches, or dropped midway.
    fn iterate(&mut self) {
        let (mut batch, handles) = self.submit_some(32);
        let mut results = as_completed(handles);
        if self.chance(50) {
            results = results.spin(Duration::ZERO);
        }
        self.drain(&mut batch, results);
    }

    fn drain(&mut self, batch: &mut Batch, mut results: AsCompleted<JoinHandle<Parcel>>) {
        let enough = if self.chance(30) { self.rng.usize(..=batch.len()) } else { 0 };
        while results.remaining() > enough {
            match self.rng.u8(..10) {
                0 => {
                    results.try_next().into_iter().for_each(|finished| batch.finished(finished));
                }
                1 => results.next_batch().into_iter().for_each(|finished| batch.finished(finished)),
                2 => {
                    let mut stream = results.into_stream();
                    if let Poll::Ready(finished) = poll_once(next(&mut stream)) {
                        batch.finished(finished.expect("some remain"));
                    }
                    results = stream.into_inner();
                }
                3 | 4 if self.may_block_on_awaits() => {
                    let mut stream = results.into_stream();
                    for _ in 0..self.rng.usize(1..=stream.remaining() - enough) {
                        batch.finished(block_on(next(&mut stream), 2).expect("some remain"));
                    }
                    results = stream.into_inner();
                }
                _ => batch.finished(results.next().expect("some remain")),
            }
        }
        self.leave(batch, enough, results);
    }

    /// The iterator is used no more, and not more than `enough` tasks have not come.
    fn leave(
        &mut self,
        batch: &mut Batch,
        enough: usize,
        results: AsCompleted<JoinHandle<Parcel>>,
    ) {
        if enough == 0 {
            let rest = results.count();
            assert_eq!(rest, 0, "an iterator with nothing remaining is at its end");
        } else {
            contain(|| drop(results));
            batch.let_rest_go();
        }
    }

    /// A set that is filled again as tasks come out of it.
    fn keep_a_window(&mut self) {
        let mut batch = Batch::default();
        let mut set = CompletionSet::new();
        if self.chance(50) {
            set.set_spin(Duration::ZERO);
        }
        let window = self.rng.usize(1..=12);
        let total = self.rng.usize(1..=48);
        while batch.len() < total || (!set.is_empty() && self.rng.u8(..) > 2) {
            while batch.len() < total && set.remaining() < window {
                if self.chance(30) {
                    set.add(self.submit(&mut batch));
                } else {
                    let token = self.token(&mut batch);
                    set.submit(&self.pool, move || token.work());
                }
            }
            self.receive(&mut set).into_iter().for_each(|finished| batch.finished(finished));
        }
        match self.rng.u8(..3) {
            0 => {
                contain(|| drop(set));
                batch.let_rest_go();
            }
            1 => self.join_rest(&mut batch, set.into_unfinished()),
            _ => {
                while let Some(finished) = set.next_finished() {
                    batch.finished(finished);
                }
            }
        }
    }

    /// What comes out of a set that is asked in some way.
    fn receive(&mut self, set: &mut CompletionSet<Parcel>) -> Vec<Finished<Parcel>> {
        let finished = match self.rng.u8(..6) {
            0 => set.try_next(),
            1 => return set.next_batch(),
            2 => set.next_timeout(Duration::from_micros(self.rng.u64(..100))).ok().flatten(),
            3 => match poll_once(set.next_async()) {
                Poll::Ready(finished) => finished,
                Poll::Pending => None,
            },
            4 if self.may_block_on_awaits() => block_on(set.next_async(), 1),
            _ => set.next_finished(),
        };
        Vec::from_iter(finished)
    }

    fn join_rest(&mut self, batch: &mut Batch, handles: Vec<JoinHandle<Parcel>>) {
        let rest = batch.outstanding();
        assert_eq!(rest.len(), handles.len(), "what has not come is given back");
        for (index, handle) in rest.into_iter().zip(handles) {
            self.join(batch, index, handle);
        }
    }

    /// Plain threads cancel through clones of the same cancellers while the tasks run and are
    /// waited for.
    fn storm_of_cancels(&mut self) {
        let (mut batch, handles) = self.submit_some(32);
        let cancellers: Vec<Canceller> = handles.iter().map(JoinHandle::canceller).collect();
        let storms: Vec<_> = (0..2)
            .map(|_| {
                let mut cancellers = cancellers.clone();
                self.rng.shuffle(&mut cancellers);
                thread::spawn(move || {
                    for canceller in cancellers {
                        canceller.cancel();
                    }
                })
            })
            .collect();
        if self.chance(50) {
            drop(cancellers);
        }
        for handle in &handles {
            if self.chance(20) {
                handle.cancel();
            }
        }
        let results = as_completed(handles);
        self.drain(&mut batch, results);
        for storm in storms {
            storm.join().expect("cancelling does not panic");
        }
    }

    /// A wait that gives up, and goes on without its deadline.
    fn time_out(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        let limit = Duration::from_micros(self.rng.u64(..300));
        let mut results = as_completed(handles).timeout(limit);
        for next in results.by_ref() {
            match next {
                Ok(finished) => batch.finished(finished),
                Err(timed_out) => {
                    ledger::timed_out();
                    let unfinished = batch.outstanding().len();
                    assert_eq!(timed_out.unfinished(), unfinished, "what has not come is counted");
                }
            }
        }
        let results = results.into_inner();
        if self.chance(50) {
            self.drain(&mut batch, results);
        } else {
            self.join_rest(&mut batch, results.into_unfinished());
        }
    }

    /// Handles wander from an iterator to another, tasks finishing meanwhile.
    fn take_handles_back(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        let mut results = as_completed(handles);
        for _ in 0..self.rng.usize(..4) {
            if let Some(finished) = results.try_next() {
                let outstanding = batch.outstanding();
                batch.outcome(outstanding[finished.index], finished.outcome);
            }
            let before = batch.outstanding();
            let handles = results.into_unfinished();
            assert_eq!(before.len(), handles.len(), "what has not come is given back");
            results = as_completed(handles);
        }
        let handles = results.into_unfinished();
        self.join_rest(&mut batch, handles);
    }

    /// Tasks submit tasks, and wait for them.
    fn nest(&mut self) {
        if self.depth == 0 {
            return self.iterate();
        }
        let mut batch = Batch::default();
        let handles: Vec<_> = (0..self.rng.usize(1..=6))
            .map(|_| {
                let token = self.token(&mut batch);
                let mut child = self.child();
                self.pool.submit(move || {
                    match child.rng.u8(..6) {
                        0 => child.join_each(),
                        1 => child.iterate(),
                        2 => child.keep_a_window(),
                        3 => child.nest(),
                        4 => child.feed_from_threads(),
                        _ => child.detach(),
                    }
                    token.work()
                })
            })
            .collect();
        let results = as_completed(handles);
        self.drain(&mut batch, results);
    }

    /// Nobody waits: the handles are dropped at once, or some time later.
    fn detach(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        for handle in handles {
            let canceller = self.chance(30).then(|| handle.canceller());
            if self.chance(20) {
                thread::yield_now();
            }
            contain(|| drop(handle));
            if let Some(canceller) = canceller {
                canceller.cancel();
                contain(|| drop(canceller));
            }
        }
        batch.let_rest_go();
    }

    /// Plain threads complete tasks by hand, give them up, or pass panics on, beside tasks of
    /// the pool.
    fn feed_from_threads(&mut self) {
        let mut batch = Batch::default();
        let mut set = CompletionSet::new();
        let mut feeds = Vec::new();
        for _ in 0..2 {
            let mut rng = self.rng.fork();
            let mut feed = Vec::new();
            for _ in 0..self.rng.usize(..8) {
                let token = self.token(&mut batch);
                let (completer, handle) = completer::<Parcel>();
                if self.chance(20) {
                    let canceller = handle.canceller();
                    drop(self.pool.submit(move || canceller.cancel()));
                }
                set.add(handle);
                feed.push((token, completer));
            }
            feeds.push(thread::spawn(move || {
                for (token, completer) in feed {
                    end(token, completer, rng.u8(..8));
                }
            }));
            if self.chance(50) {
                set.add(self.submit(&mut batch));
            }
        }
        while let Some(finished) = set.next_finished() {
            batch.finished(finished);
        }
        for feed in feeds {
            feed.join().expect("feeding does not panic");
        }
    }

    fn own_pool(&mut self) -> Pool {
        pool(&mut self.rng, self.workers).expect("the system has threads to spare")
    }

    /// A pool that is dropped before, while or after its tasks are waited for. What comes after
    /// its end is abandoned.
    fn make_and_drop_a_pool(&mut self) {
        let pool = self.own_pool();
        let outer = std::mem::replace(&mut self.pool, pool.handle());
        let (mut batch, handles) = self.submit_some(16);
        let mut results = as_completed(handles);
        let late = if self.chance(50) {
            results.try_next().into_iter().for_each(|finished| batch.finished(finished));
            drop(pool);
            None
        } else {
            Some(pool)
        };
        self.drain(&mut batch, results);
        drop(late);
        let (mut batch, handles) = self.submit_some(4);
        self.join_rest(&mut batch, handles);
        self.pool = outer;
    }

    /// A pool whose owner is one of its own tasks: the workers end on their own.
    fn drop_a_pool_on_its_worker(&mut self) {
        let pool = self.own_pool();
        let outer = std::mem::replace(&mut self.pool, pool.handle());
        let (mut batch, mut handles) = self.submit_some(8);
        let token = self.token(&mut batch);
        let own = pool.handle();
        handles.push(own.submit(move || {
            drop(pool);
            token.work()
        }));
        for _ in 0..self.rng.usize(..8) {
            handles.push(self.submit(&mut batch));
        }
        let results = as_completed(handles);
        self.drain(&mut batch, results);
        self.pool = outer;
    }

    /// An iterator that goes on on another thread.
    fn move_between_threads(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        let mut results = as_completed(handles);
        for _ in 0..self.rng.usize(..3) {
            let limit = Duration::from_micros(self.rng.u64(..50));
            let mut limited = results.timeout(limit);
            let next: Option<Finished<Parcel>> = limited.next().and_then(Result::ok);
            next.into_iter().for_each(|finished| batch.finished(finished));
            results = limited.into_inner();
            let some = self.rng.usize(..4);
            let moved = thread::spawn(move || {
                results.by_ref().take(some).for_each(|finished| batch.finished(finished));
                (batch, results)
            });
            (batch, results) = moved.join().expect("no panic leaves a consumer");
        }
        self.drain(&mut batch, results);
    }

    /// Callbacks, called by whoever completes or cancels a task, tell its outcome.
    fn call_back(&mut self) {
        let (mut batch, handles) = self.submit_some(24);
        let mut set = CompletionSet::new();
        let mut cancellers = Vec::new();
        for handle in handles {
            if self.chance(30) {
                cancellers.push(handle.canceller());
            }
            let (teller, told) = completer();
            handle.on_complete(move |outcome| {
                assert!(teller.complete(outcome).is_ok(), "nobody cancels what is told");
            });
            set.add(told);
        }
        let cancels = thread::spawn(move || {
            for canceller in cancellers {
                canceller.cancel();
            }
        });
        while let Some(told) = set.next_finished() {
            match told.outcome {
                Ok(outcome) => batch.outcome(told.index, outcome),
                Err(_) => batch.let_go(told.index),
            }
        }
        cancels.join().expect("cancelling does not panic");
    }

    /// Several threads wait for the same tasks, in different ways, and some leave early; each sees
    /// what the others see.
    fn share(&mut self) {
        let (mut batch, handles) = self.submit_some(16);
        let handles: Vec<_> = handles.into_iter().map(JoinHandle::shared).collect();
        let mut onlookers = Vec::new();
        for _ in 0..self.rng.usize(1..=3) {
            let (tasks, handles, rng) = (batch.tasks(), handles.clone(), self.rng.fork());
            onlookers.push(thread::spawn(move || look_on(&tasks, handles, rng)));
        }
        if self.chance(30) {
            handles[self.rng.usize(..handles.len())].cancel();
        }
        for finished in as_completed(handles.iter().chain(&handles).cloned()) {
            batch.shared_outcome(finished.index, finished.outcome());
        }
        for onlooker in onlookers {
            onlooker.join().expect("no panic leaves an onlooker");
        }
    }
}

/// Ends a task by hand: gives it up, or does its work and completes it, in one `way` out of eight.
fn end(token: Token, mut completer: Completer<Parcel>, way: u8) {
    match way {
        0 => {
            drop(completer);
            contain(|| drop(token));
        }
        1 if completer.is_cancelled() => contain(|| drop(token)),
        _ if completer.start() => match catch_unwind(AssertUnwindSafe(|| token.work())) {
            Ok(parcel) => {
                let refused = completer.complete(parcel);
                assert!(refused.is_ok(), "a started task is not cancelled");
            }
            Err(payload) => completer.panic(payload),
        },
        _ => contain(|| drop(token)),
    }
}

/// Sees the outcomes of the tasks, or of some.
fn look_on(tasks: &[u32], handles: Vec<SharedHandle<Parcel>>, mut rng: Rng) {
    match rng.u8(..4) {
        0 => {
            let some = rng.usize(..=handles.len());
            for finished in as_completed(handles).take(some) {
                ledger::see(tasks[finished.index], finished.outcome());
            }
        }
        1 => {
            for (task, handle) in tasks.iter().zip(&handles) {
                let limit = Duration::from_micros(rng.u64(1..50));
                let outcome = loop {
                    if let Some(outcome) = handle.result_timeout(limit) {
                        break outcome;
                    }
                };
                ledger::see(*task, outcome);
            }
        }
        2 => {
            for (task, handle) in tasks.iter().zip(&handles) {
                let _early = poll_once(handle.wait());
                ledger::see(*task, block_on(handle.wait(), rng.usize(1..4)));
            }
        }
        _ => {
            for (task, handle) in tasks.iter().zip(handles) {
                let task = *task;
                handle.on_complete(move |outcome| ledger::see(task, outcome));
            }
        }
    }
}
