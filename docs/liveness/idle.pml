/*
 * Sleep and wake: every job that is submitted is done in the end.
 *
 * This is a model of the protocol in crates/photofinish/src/idle.rs and of the parts of worker.rs
 * that call it. It is written by hand and sequentially consistent: it checks the protocol, not
 * the code, and says nothing about memory orderings. Those are for the loom models, which in turn
 * cannot check liveness. Each access to a shared variable is one step, read-modify-writes
 * included; the steps of the code keep their names. The queues are one counter, and a sleeping
 * worker is woken by a token, as by its parker.
 *
 * `.ci/liveness` checks `all_done` under weak fairness (whoever can always take a step takes one
 * some time), and that it fails when the protocol leaves out what it says is needed:
 *
 *   JOBS, SUBMITTERS   how many jobs, and how many submitters share them
 *   MEET               each job waits until all have begun: as many workers have to wake up
 *   NO_SECOND_LOOK     a worker that lies down does not look at the queues before it sleeps
 *   NO_LAST_LOOK       the last searcher does not look at the queues when it has found something
 *   NO_NEW_SEARCH      a worker that gets up because it found work does not search again
 */

#ifndef WORKERS
#define WORKERS 4 /* at most */
#endif
#ifndef JOBS
#define JOBS 3
#endif
#ifndef SUBMITTERS
#define SUBMITTERS 1
#endif

byte queued;            /* jobs that nobody has taken */
byte searching;         /* the census is these two, and they are looked at in one step */
byte in_bed;
byte asleep;            /* a bit for each worker that sleeps; whoever clears it has chosen it */
bool token[4];          /* of each worker's parker */
byte begun;
byte done;

#define BIT(worker) (1 << (worker))
#define LOWEST(set) ((set) & -(set))

/* Wakes the sleeper whose bit has been cleared. */
inline unpark(worker_bit) {
    atomic {
        if
        :: worker_bit == 1 -> token[0] = true
        :: worker_bit == 2 -> token[1] = true
        :: worker_bit == 4 -> token[2] = true
        :: worker_bit == 8 -> token[3] = true
        fi;
        worker_bit = 0
    }
}

/* Wakes a worker, unless somebody searches or nobody sleeps. */
inline wake_one() {
    do
    :: atomic { searching > 0 -> break }
    /* The compare-exchange, with its repetitions: one step, when it succeeds. */
    :: atomic { searching == 0 -> searching++ };
        /* choose_one */
        seen = asleep;
        do
        :: atomic { (seen & asleep & LOWEST(seen)) != 0 ->
                chosen = LOWEST(seen); asleep = asleep & ~chosen; seen = 0 };
            break
        /* Somebody else has chosen that one, or it got up: the fetch-and tells who is left. */
        :: atomic { seen != 0 && (seen & asleep & LOWEST(seen)) == 0 -> seen = asleep }
        :: atomic { seen == 0 -> break }
        od;
        if
        :: chosen != 0 -> unpark(chosen); break
        :: else ->
            /* Nobody slept. Meanwhile others may have relied on this search: look again. */
            searching--;
            if
            :: asleep == 0 -> break
            :: else
            fi
        fi
    od
}

active [SUBMITTERS] proctype submitter() {
    byte seen, chosen, submitted;
    do
    :: atomic { submitted < JOBS / SUBMITTERS -> queued++; submitted++ };
        /* fence published */
        if
        :: searching == 0 && in_bed > 0 -> wake_one()
        :: else
        fi
    :: atomic { submitted == JOBS / SUBMITTERS -> break }
    od
}

/* The index of a worker; submitters come first. */
#define ME (_pid - SUBMITTERS)

active [WORKERS] proctype worker() {
    byte seen, chosen;
    bool counted;       /* whether the census counts this worker as searching */
    bool last;          /* whether it was the last that searched */
find:
    if
    :: atomic { queued > 0 -> queued-- }
    :: atomic { queued == 0 -> goto idle }
    fi;
    /* stop_search */
    if
    :: atomic { counted -> counted = false; searching--; last = (searching == 0) };
#ifndef NO_LAST_LOOK
        /* fence search over */
        if
        :: atomic { last && queued > 0 -> last = false }; wake_one()
        :: atomic { !last || queued == 0 -> last = false }
        fi
#else
        last = false
#endif
    :: atomic { !counted -> skip }
    fi;
    /* The job's body. */
#ifdef MEET
    begun++;
    begun == JOBS;
#endif
    done++;
    goto find;
idle:
    /* start_searching */
    atomic {
        if
        :: !counted -> searching++; counted = true
        :: else
        fi
    };
    /* spin_for_work looks once. */
    if
    :: atomic { queued > 0 -> goto find }
    :: queued == 0
    fi;
    /* lie_down */
    asleep = asleep | BIT(ME);
    atomic { searching--; in_bed++; counted = false };
    /* fence asleep */
    do
    :: atomic { (asleep & BIT(ME)) == 0 -> break }
    :: (asleep & BIT(ME)) != 0 ->
#ifndef NO_SECOND_LOOK
        if
        :: atomic { queued > 0 -> break }
        :: queued == 0
        fi;
#endif
        /* park */
        atomic { token[ME] -> token[ME] = false }
    od;
    /* get_up: whoever was chosen is counted already. */
    atomic {
        counted = ((asleep & BIT(ME)) == 0);
        asleep = asleep & ~BIT(ME)
    };
    in_bed--;
#ifndef NO_NEW_SEARCH
    atomic {
        if
        :: !counted -> searching++; counted = true
        :: else
        fi
    };
#endif
    goto find
}

ltl all_done { <> (done == JOBS) }
