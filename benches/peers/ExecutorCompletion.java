import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Java's ExecutorCompletionService over a fixed pool, under the scenarios of the latency lab.
 *
 * <pre>
 * java ExecutorCompletion.java SCENARIO --workers N --task-ns N --seconds S --warm-up S
 *                              [--rate R] [--in-flight N]
 * </pre>
 *
 * open: tasks are due at --rate per second, whatever becomes of those before them; window:
 * --in-flight tasks are kept in flight, each that comes back makes room for the next; burst:
 * --in-flight tasks at once, then all their results, again and again.
 *
 * <p>One thread submits and receives. The report is one JSON object on the standard output;
 * lengths are nanoseconds, histograms are lists of [length, count] with three significant digits.
 */
public final class ExecutorCompletion {
    /** What the busy loop leaves behind, so that it is not optimised away. */
    static volatile long sink;

    /** What a task brings back. */
    record Stamps(int number, long begun, long ended) {}

    /** Lengths that are kept as they are until the run is over. */
    static final class Lengths {
        long[] values = new long[1 << 16];
        int count;

        void add(long value) {
            if (count == values.length) {
                values = Arrays.copyOf(values, 2 * count);
            }
            values[count++] = value;
        }
    }

    final String scenario;
    final int workers;
    final long taskNs;
    final double seconds;
    final double warmUp;
    final double rate;
    final int inFlight;

    long turns;
    CompletionService<Stamps> stampedTasks;
    CompletionService<Integer> plainTasks;

    final long start = System.nanoTime();
    int submitted;
    int duplicated;
    boolean cutShort;
    boolean[] seen = new boolean[1 << 16];
    final Lengths intendedAt = new Lengths();
    final Lengths submittedAt = new Lengths();
    /** Of each result: its number, when it began and ended, when it was received. */
    final Lengths numbers = new Lengths();
    final Lengths begunAt = new Lengths();
    final Lengths endedAt = new Lengths();
    final Lengths receivedAt = new Lengths();
    /** Of each burst. */
    final Lengths firsts = new Lengths();
    final Lengths halves = new Lengths();
    final Lengths lasts = new Lengths();
    final Lengths submissions = new Lengths();

    ExecutorCompletion(String scenario, Map<String, String> options) {
        this.scenario = scenario;
        workers = Integer.parseInt(needed(options, "--workers"));
        taskNs = Long.parseLong(needed(options, "--task-ns"));
        seconds = Double.parseDouble(needed(options, "--seconds"));
        warmUp = Double.parseDouble(needed(options, "--warm-up"));
        boolean open = scenario.equals("open");
        rate = open ? Double.parseDouble(needed(options, "--rate")) : 0;
        inFlight = open ? 0 : Integer.parseInt(needed(options, "--in-flight"));
    }

    static String needed(Map<String, String> options, String name) {
        String value = options.get(name);
        if (value == null) {
            throw new IllegalArgumentException("it takes " + name);
        }
        return value;
    }

    long now() {
        return System.nanoTime() - start;
    }

    static void spin(long turns) {
        long value = turns;
        for (long turn = 0; turn < turns; turn++) {
            value ^= value << 13;
            value ^= value >>> 7;
            value ^= value << 17;
        }
        sink = value;
    }

    /** How many turns of the busy loop last so long: by the fastest of many trials. */
    static long turnsOf(long nanoseconds) {
        final long trial = 10_000;
        long fastest = Long.MAX_VALUE;
        for (int nth = 0; nth < 2_000; nth++) {
            long begun = System.nanoTime();
            spin(trial);
            fastest = Math.min(fastest, System.nanoTime() - begun);
        }
        return Math.round((double) nanoseconds * trial / fastest);
    }

    void note(int number) {
        if (number >= seen.length) {
            seen = Arrays.copyOf(seen, Math.max(2 * seen.length, number + 1));
        }
        if (seen[number]) {
            duplicated++;
        }
        seen[number] = true;
    }

    long receive(Future<Stamps> future) throws InterruptedException, ExecutionException {
        Stamps stamps = future.get();
        long received = now();
        note(stamps.number);
        numbers.add(stamps.number);
        begunAt.add(stamps.begun);
        endedAt.add(stamps.ended);
        receivedAt.add(received);
        return received;
    }

    void submit(long intended, long moment) {
        int number = submitted++;
        intendedAt.add(intended);
        submittedAt.add(moment);
        stampedTasks.submit(() -> {
            long begun = now();
            spin(turns);
            return new Stamps(number, begun, now());
        });
    }

    /** Waits for results with the next due moment as the deadline. */
    void openLoop(long from, long plan) throws InterruptedException, ExecutionException {
        long count = (long) Math.ceil(plan * rate / 1e9);
        for (long nth = 0; nth < count; nth++) {
            long due = from + Math.round(nth * 1e9 / rate);
            long left;
            while ((left = due - now()) > 0) {
                if (submitted > numbers.count) {
                    Future<Stamps> future = stampedTasks.poll(left, TimeUnit.NANOSECONDS);
                    if (future != null) {
                        receive(future);
                    }
                } else {
                    LockSupport.parkNanos(left);
                }
            }
            Future<Stamps> ready;
            while ((ready = stampedTasks.poll()) != null) {
                receive(ready);
            }
            long moment = now();
            if (moment > from + 3 * plan) {
                cutShort = true;
                break;
            }
            submit(due, moment);
        }
        while (numbers.count < submitted) {
            receive(stampedTasks.take());
        }
    }

    void window(long from, long plan) throws InterruptedException, ExecutionException {
        for (int nth = 0; nth < inFlight; nth++) {
            long moment = now();
            submit(moment, moment);
        }
        while (numbers.count < submitted) {
            long received = receive(stampedTasks.take());
            if (received < from + plan) {
                submit(received, received);
            }
        }
    }

    void bursts(long plan) throws InterruptedException, ExecutionException {
        long end = now() + plan;
        int middle = (inFlight + 1) / 2;
        do {
            long begun = now();
            for (int nth = 0; nth < inFlight; nth++) {
                int number = submitted++;
                plainTasks.submit(() -> {
                    spin(turns);
                    return number;
                });
            }
            submissions.add(now() - begun);
            for (int nth = 1; nth <= inFlight; nth++) {
                note(plainTasks.take().get());
                if (nth == 1) {
                    firsts.add(now() - begun);
                }
                if (nth == middle) {
                    halves.add(now() - begun);
                }
            }
            lasts.add(now() - begun);
        } while (now() < end);
    }

    void run() throws InterruptedException, ExecutionException {
        turns = taskNs == 0 ? 0 : turnsOf(taskNs);
        ExecutorService pool = Executors.newFixedThreadPool(workers);
        stampedTasks = new ExecutorCompletionService<>(pool);
        plainTasks = new ExecutorCompletionService<>(pool);
        long warm = (long) (warmUp * 1e9);
        long plan = (long) (seconds * 1e9);
        try {
            if (scenario.equals("burst")) {
                bursts(warm);
                for (Lengths lengths : List.of(firsts, halves, lasts, submissions)) {
                    lengths.count = 0;
                }
                bursts(plan);
                report(0);
            } else {
                long from = now();
                if (scenario.equals("open")) {
                    openLoop(from, warm + plan);
                } else {
                    window(from, warm + plan);
                }
                report(from + warm);
            }
        } finally {
            pool.shutdown();
        }
    }

    static String histogram(Lengths lengths) {
        TreeMap<Long, Integer> counts = new TreeMap<>();
        for (int at = 0; at < lengths.count; at++) {
            long length = Math.max(lengths.values[at], 0);
            int shift = Math.max(0, 64 - Long.numberOfLeadingZeros(length) - 11);
            counts.merge(length >> shift << shift, 1, Integer::sum);
        }
        List<String> pairs = new ArrayList<>();
        counts.forEach((value, count) -> pairs.add("[" + value + "," + count + "]"));
        return "[" + String.join(",", pairs) + "]";
    }

    void report(long recordFrom) {
        Map<String, Lengths> measures = new TreeMap<>();
        long recorded = 0;
        long elapsed = 0;
        if (scenario.equals("burst")) {
            measures.put("first", firsts);
            measures.put("half", halves);
            measures.put("last", lasts);
            measures.put("submission", submissions);
            recorded = (long) lasts.count * inFlight;
            for (int at = 0; at < lasts.count; at++) {
                elapsed += lasts.values[at];
            }
        } else {
            for (String name : List.of("delivery", "queue-wait", "end-to-end", "run", "lateness")) {
                measures.put(name, new Lengths());
            }
            for (int at = 0; at < numbers.count; at++) {
                int number = (int) numbers.values[at];
                long intended = intendedAt.values[number];
                if (intended < recordFrom) {
                    continue;
                }
                long received = receivedAt.values[at];
                measures.get("delivery").add(received - endedAt.values[at]);
                measures.get("queue-wait").add(begunAt.values[at] - intended);
                measures.get("end-to-end").add(received - intended);
                measures.get("run").add(endedAt.values[at] - begunAt.values[at]);
                measures.get("lateness").add(submittedAt.values[number] - intended);
                recorded++;
                elapsed = received - recordFrom;
            }
        }
        int lost = submitted;
        for (boolean one : seen) {
            lost -= one ? 1 : 0;
        }
        List<String> histograms = new ArrayList<>();
        measures.forEach((name, of) -> histograms.add("\"" + name + "\":" + histogram(of)));
        System.out.println("{\"version\":\"Java " + System.getProperty("java.version")
            + "\",\"scenario\":\"" + scenario + "\",\"workers\":" + workers
            + ",\"task_ns\":" + taskNs + ",\"submitted\":" + submitted + ",\"lost\":" + lost
            + ",\"duplicated\":" + duplicated + ",\"recorded\":" + recorded
            + ",\"elapsed_ns\":" + elapsed
            + ",\"ns_per_task\":" + (double) elapsed / Math.max(recorded, 1)
            + ",\"cut_short\":" + cutShort
            + ",\"histograms\":{" + String.join(",", histograms) + "}}");
    }

    public static void main(String[] arguments) throws InterruptedException, ExecutionException {
        Map<String, String> options = new HashMap<>();
        for (int at = 1; at + 1 < arguments.length; at += 2) {
            options.put(arguments[at], arguments[at + 1]);
        }
        if (arguments.length == 0 || !List.of("open", "window", "burst").contains(arguments[0])) {
            throw new IllegalArgumentException("the scenarios are open, window and burst");
        }
        new ExecutorCompletion(arguments[0], options).run();
    }
}
