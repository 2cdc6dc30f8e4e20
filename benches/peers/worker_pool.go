// Go: a worker pool of goroutines with a channel of jobs and a channel of results, under the
// scenarios of the latency lab.
//
//	go run worker_pool.go SCENARIO --workers N --task-ns N --seconds S --warm-up S [--rate R] [--in-flight N]
//
// open: tasks are due at --rate per second, whatever becomes of those before them; window:
// --in-flight tasks are kept in flight, each that comes back makes room for the next; burst:
// --in-flight tasks at once, then all their results, again and again.
//
// One goroutine submits and receives. Go's channels are bounded: theirs are as long as the most
// that can be outstanding, so that nobody ever waits for room. The report is one JSON object on the
// standard output; lengths are nanoseconds, histograms are lists of [length, count] with three
// significant digits.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/bits"
	"os"
	"runtime"
	"sort"
	"time"
)

type stamps struct {
	number       int
	begun, ended int64
}

type record struct {
	stamps
	received int64
}

var (
	scenario string
	workers  = flag.Int("workers", 0, "goroutines")
	taskNs   = flag.Int64("task-ns", 0, "how long each task works")
	seconds  = flag.Float64("seconds", 0, "how long is recorded")
	warmUp   = flag.Float64("warm-up", 0, "how long it runs before that")
	rate     = flag.Float64("rate", 0, "tasks per second")
	inFlight = flag.Int("in-flight", 0, "tasks")

	start = time.Now()
	sink  uint64
)

func now() int64 { return int64(time.Since(start)) }

//go:noinline
func spin(turns int64) uint64 {
	value := uint64(turns) | 1
	for turn := int64(0); turn < turns; turn++ {
		value ^= value << 13
		value ^= value >> 7
		value ^= value << 17
	}
	return value
}

// turnsOf says how many turns of the busy loop last so long: by the fastest of many trials.
func turnsOf(nanoseconds int64) int64 {
	const trial = 10_000
	fastest := int64(math.MaxInt64)
	for nth := 0; nth < 1_000; nth++ {
		begun := now()
		sink += spin(trial)
		if took := now() - begun; took < fastest {
			fastest = took
		}
	}
	return int64(math.Round(float64(nanoseconds) * trial / float64(fastest)))
}

// run is what came of a run; lengths are kept as they are until it is over.
type run struct {
	turns                  int64
	jobs                   chan func() stamps
	results                chan stamps
	intended, submittedAt  []int64
	records                []record
	submitted, duplicated  int
	seen                   []bool
	cutShort               bool
	first, half, last, all []int64
}

func newRun(turns int64, capacity int) *run {
	r := &run{
		turns:   turns,
		jobs:    make(chan func() stamps, capacity),
		results: make(chan stamps, capacity),
	}
	for nth := 0; nth < *workers; nth++ {
		go func() {
			for job := range r.jobs {
				r.results <- job()
			}
		}()
	}
	return r
}

func (r *run) note(number int) {
	if r.seen[number] {
		r.duplicated++
	}
	r.seen[number] = true
}

func (r *run) submit(intended, moment int64) {
	number, turns := r.submitted, r.turns
	r.submitted++
	r.seen = append(r.seen, false)
	r.intended = append(r.intended, intended)
	r.submittedAt = append(r.submittedAt, moment)
	r.jobs <- func() stamps {
		begun := now()
		spin(turns)
		return stamps{number, begun, now()}
	}
}

func (r *run) receive(result stamps) int64 {
	received := now()
	r.note(result.number)
	r.records = append(r.records, record{result, received})
	return received
}

// openLoop waits for results with the next due moment as the deadline.
func (r *run) openLoop(plan int64) {
	count := int(math.Ceil(float64(plan) * *rate / 1e9))
	from := now()
	timer := time.NewTimer(time.Hour)
	for nth := 0; nth < count; nth++ {
		due := from + int64(math.Round(float64(nth)*1e9 / *rate))
		if left := due - now(); left > 0 {
			if !timer.Stop() {
				select {
				case <-timer.C:
				default:
				}
			}
			timer.Reset(time.Duration(left))
			for waiting := true; waiting; {
				select {
				case result := <-r.results:
					r.receive(result)
				case <-timer.C:
					waiting = false
				}
			}
		}
		for ready := true; ready; {
			select {
			case result := <-r.results:
				r.receive(result)
			default:
				ready = false
			}
		}
		moment := now()
		if moment > from+3*plan {
			r.cutShort = true
			break
		}
		r.submit(due, moment)
	}
	for len(r.records) < r.submitted {
		r.receive(<-r.results)
	}
}

func (r *run) window(plan int64) {
	end := now() + plan
	for nth := 0; nth < *inFlight; nth++ {
		moment := now()
		r.submit(moment, moment)
	}
	for len(r.records) < r.submitted {
		if received := r.receive(<-r.results); received < end {
			r.submit(received, received)
		}
	}
}

func (r *run) bursts(plan int64) {
	end, middle := now()+plan, (*inFlight+1)/2
	for {
		begun := now()
		for nth := 0; nth < *inFlight; nth++ {
			number, turns := r.submitted, r.turns
			r.submitted++
			r.jobs <- func() stamps {
				spin(turns)
				return stamps{number: number}
			}
		}
		submission := now() - begun
		for len(r.seen) < r.submitted {
			r.seen = append(r.seen, false)
		}
		for nth := 1; nth <= *inFlight; nth++ {
			r.note((<-r.results).number)
			if nth == 1 {
				r.first = append(r.first, now()-begun)
			}
			if nth == middle {
				r.half = append(r.half, now()-begun)
			}
		}
		r.last = append(r.last, now()-begun)
		r.all = append(r.all, submission)
		if now() >= end {
			return
		}
	}
}

func histogram(lengths []int64) [][2]int64 {
	counts := map[int64]int64{}
	for _, length := range lengths {
		if length < 0 {
			length = 0
		}
		shift := bits.Len64(uint64(length)) - 11
		if shift < 0 {
			shift = 0
		}
		counts[length>>shift<<shift]++
	}
	pairs := make([][2]int64, 0, len(counts))
	for value, count := range counts {
		pairs = append(pairs, [2]int64{value, count})
	}
	sort.Slice(pairs, func(a, b int) bool { return pairs[a][0] < pairs[b][0] })
	return pairs
}

func (r *run) report(recordFrom int64) map[string]any {
	histograms := map[string][][2]int64{}
	recorded, elapsed := int64(0), int64(0)
	if scenario == "burst" {
		histograms["first"] = histogram(r.first)
		histograms["half"] = histogram(r.half)
		histograms["last"] = histogram(r.last)
		histograms["submission"] = histogram(r.all)
		recorded = int64(len(r.last) * *inFlight)
		for _, last := range r.last {
			elapsed += last
		}
	} else {
		lengths := map[string][]int64{}
		add := func(name string, from, to int64) { lengths[name] = append(lengths[name], to-from) }
		for _, one := range r.records {
			intended := r.intended[one.number]
			if intended < recordFrom {
				continue
			}
			add("delivery", one.ended, one.received)
			add("queue-wait", intended, one.begun)
			add("end-to-end", intended, one.received)
			add("run", one.begun, one.ended)
			add("lateness", intended, r.submittedAt[one.number])
			recorded++
			elapsed = one.received - recordFrom
		}
		for _, name := range []string{"delivery", "queue-wait", "end-to-end", "run", "lateness"} {
			histograms[name] = histogram(lengths[name])
		}
	}
	lost := r.submitted
	for _, one := range r.seen {
		if one {
			lost--
		}
	}
	return map[string]any{
		"version":     "Go " + runtime.Version()[2:],
		"scenario":    scenario,
		"workers":     *workers,
		"task_ns":     *taskNs,
		"submitted":   r.submitted,
		"lost":        lost,
		"duplicated":  r.duplicated,
		"recorded":    recorded,
		"elapsed_ns":  elapsed,
		"ns_per_task": float64(elapsed) / math.Max(float64(recorded), 1),
		"cut_short":   r.cutShort,
		"histograms":  histograms,
	}
}

func wrong(what string) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(2)
}

func main() {
	if len(os.Args) < 2 {
		wrong("the scenarios are open, window and burst")
	}
	scenario = os.Args[1]
	if err := flag.CommandLine.Parse(os.Args[2:]); err != nil {
		wrong(err.Error())
	}
	if *workers < 1 || (scenario == "open") != (*rate > 0) || (scenario != "open") != (*inFlight > 0) {
		wrong("it takes --workers, and --rate for an open loop or --in-flight for the others")
	}
	// The one who submits and receives has a thread of its own, as elsewhere.
	runtime.GOMAXPROCS(*workers + 1)
	turns := int64(0)
	if *taskNs > 0 {
		turns = turnsOf(*taskNs)
	}
	warm, plan := int64(*warmUp*1e9), int64(*seconds*1e9)
	capacity := *inFlight
	if scenario == "open" {
		capacity = int(math.Ceil(float64(warm+plan)**rate/1e9)) + 1
	}
	r := newRun(turns, capacity)
	recordFrom := now() + warm
	switch scenario {
	case "open":
		r.openLoop(warm + plan)
	case "window":
		r.window(warm + plan)
	case "burst":
		r.bursts(warm)
		r.first, r.half, r.last, r.all = nil, nil, nil, nil
		r.bursts(plan)
	default:
		wrong("the scenarios are open, window and burst")
	}
	if err := json.NewEncoder(os.Stdout).Encode(r.report(recordFrom)); err != nil {
		wrong(err.Error())
	}
}
