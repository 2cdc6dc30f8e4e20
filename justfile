# One recipe is one claim. Each is a thin line over a command that the README gives as well.

# Everything holds: tests, documentation examples, and the models.
test:
    cargo test --workspace

# Every interleaving within the stated bounds is sound.
loom:
    cargo loom

# Nothing is lost, delivered twice or dropped twice, in rounds of everything over the real pool.
stress:
    cargo run --release -p photofinish-stress

# One pool under load for a minute: nothing lost, nothing twice, memory flat, no CPU when idle.
soak:
    cargo run --release -p photofinish-stress -- --soak

# No race, use after free or leak is reported there, and the seeded ones are.
sanitize:
    bash .ci/sanitize

# No program that a fuzzer makes ends as it may not, and a seeded bug is found.
fuzz:
    bash .ci/fuzz

# Nobody sleeps while there is work (a model of the protocol, not the code).
liveness:
    bash .ci/liveness

# Latency and throughput, ours against channels and mutexes.
bench:
    cargo bench

# The classic: results in the order they come.
race:
    cargo run --release --example as_completed -- --scale 0.1

# What would be published builds, and passes its tests, with nothing of the repository around it.
package:
    bash .ci/package

# No page has a dead link, and no documentation a warning.
book:
    cargo test -p photofinish-book
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# No advisory, licence or source in the whole tree that deny.toml does not allow (needs cargo-deny).
deny:
    cargo deny check

# What a submission has to pass.
ci:
    bash .ci/run

# The models once more, with more preemptions, and those that take minutes.
deep:
    PHOTOFINISH_DEEP=1 cargo loom --include-ignored

# Every ordering is needed.
kill:
    cargo kill

# Nobody who has stopped holds a delivery up.
freeze:
    cargo freeze
