//! The kill matrix: each ordering of the protocol and of the idle protocol, made one step weaker,
//! has to make a model fail.
//!
//! ```console
//! cargo kill             # compares with docs/kill-matrix.md
//! cargo kill --write     # writes it
//! ```
//!
//! Nothing is compiled anew for a mutant: the models choose their orderings at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use photofinish_loom_tests::allowed::ALLOWED;
use photofinish_loom_tests::checker::{Checker, End, in_parallel, tool, workspace};
use photofinish_loom_tests::source::{self, Place, Source};

const PAGE: &str = "docs/kill-matrix.md";
/// A run that takes so long hangs, on a busy machine too.
const LONGEST_RECORDING: Duration = Duration::from_secs(600);
const LONGEST_MUTANT: Duration = Duration::from_secs(300);

/// An ordering that some model reaches.
struct Site {
    place: Place,
    /// What stays when lines move.
    name: String,
    declared: String,
    /// The models that reach it, fastest first.
    models: Vec<String>,
}

/// What became of one weakening.
struct Verdict {
    site: String,
    declared: String,
    weakened: &'static str,
    tried: usize,
    killer: Option<(String, End, Duration)>,
}

fn main() -> ExitCode {
    tool(run)
}

fn run(write: bool) -> Result<(), String> {
    let started = Instant::now();
    let sources = source::proven();
    let checker = Checker::build()?;
    let tests = checker.tests("").map_err(|error| error.to_string())?;
    let Recording { sites, unreached, failing } = record(&checker, &tests, &sources)?;
    if !failing.is_empty() {
        // Nothing can be said about weaker orderings, but maybe about the one that is wrong.
        // What failed before it was reached is not judged.
        let mut was = declared_on_page();
        was.retain(|name, _| sites.iter().any(|site| site.name == *name));
        return Err(failing + &compare(&declared_by(&sites), &was));
    }

    let mutants: Vec<(&Site, &'static str)> = sites
        .iter()
        .flat_map(|site| weaker(&site.place.kind, &site.declared).iter().map(move |w| (site, *w)))
        .collect();
    println!("{} sites, {} weakenings", sites.len(), mutants.len());
    let verdicts = in_parallel(&mutants, |(site, weakened)| hunt(&checker, site, weakened));
    for verdict in &verdicts {
        println!("{}", line(verdict));
    }

    let killed = verdicts.iter().filter(|verdict| verdict.killer.is_some()).count();
    let seconds = started.elapsed().as_secs();
    println!("{killed} of {} weakenings killed in {seconds} s", verdicts.len());

    let mut complaints = judge(&verdicts, &unreached);
    let page = render(&verdicts, killed);
    if write {
        fs::write(workspace().join(PAGE), page).map_err(|error| error.to_string())?;
    } else {
        complaints.push_str(&compare(&declared_by(&sites), &declared_on_page()));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// What is declared at a place, and the models that reach it, with the time that each takes.
type Reached = BTreeMap<Place, (String, Vec<(Duration, String)>)>;

/// What all models together have come to.
struct Recording {
    sites: Vec<Site>,
    /// The orderings in the source that no model has come to.
    unreached: Vec<String>,
    /// The models that fail as they are, in a line each.
    failing: String,
}

/// Runs every model once, and collects which orderings it uses.
fn record(
    checker: &Checker,
    tests: &[String],
    sources: &BTreeMap<&'static str, Source>,
) -> Result<Recording, String> {
    let runs = in_parallel(tests, |test| {
        checker.run(test, &[("PHOTOFINISH_RECORD", "1")], LONGEST_RECORDING)
    });
    let mut reached = Reached::new();
    let mut failing = String::new();
    for (test, run) in tests.iter().zip(runs) {
        let run = run.map_err(|error| error.to_string())?;
        if run.end != End::Passed {
            let _ = writeln!(failing, "{test} fails as it is: {:?}", run.end);
        }
        let places = run.output.lines().filter_map(recorded);
        for (place, declared) in places.filter(|(place, _)| sources.contains_key(&*place.file)) {
            let (_, models) = reached.entry(place).or_insert((declared, Vec::new()));
            models.push((run.time, test.clone()));
        }
    }
    let unreached = unreached(&reached, sources);
    Ok(Recording { sites: name_all(reached), unreached, failing })
}

/// The places with their names, and their models in order.
fn name_all(reached: Reached) -> Vec<Site> {
    let names = source::names(reached.keys());
    let site = |(place, (declared, mut models)): (Place, (String, Vec<(Duration, String)>))| {
        models.sort_unstable();
        let models = models.into_iter().map(|(_, model)| model).collect();
        Site { name: names[&place].clone(), place, declared, models }
    };
    reached.into_iter().map(site).collect()
}

/// The orderings in the source that no model has come to.
fn unreached(reached: &Reached, sources: &BTreeMap<&'static str, Source>) -> Vec<String> {
    let missed = |source: &Source, line: u32| {
        // An ordering stands on the line of its call, or a few lines below it.
        let near = line.saturating_sub(5)..=line;
        !reached.keys().any(|place| place.file == source.file() && near.contains(&place.line))
    };
    let all = sources.values().flat_map(|source| {
        let lines = source.ordering_lines().into_iter().filter(move |&line| missed(source, line));
        lines.map(|line| format!("{}:{line}", source.file()))
    });
    all.collect()
}

/// Reads `site FILE:LINE:COLUMN KIND ORDERING HITS`.
fn recorded(line: &str) -> Option<(Place, String)> {
    let mut words = line.strip_prefix("site ")?.rsplitn(3, ' ');
    let (_hits, declared, place) = (words.next()?, words.next()?, words.next()?);
    Some((place.parse().ok()?, declared.to_owned()))
}

/// Every way to make an ordering one step weaker.
fn weaker(kind: &str, declared: &str) -> &'static [&'static str] {
    match (kind, declared) {
        ("Fence", "SeqCst") => &["AcqRel"],
        ("Fence", "Acquire" | "Release") => &["removed"],
        ("Load" | "Failure", "SeqCst") => &["Acquire"],
        ("Store", "SeqCst") => &["Release"],
        (_, "SeqCst") => &["AcqRel"],
        (_, "AcqRel") => &["Acquire", "Release"],
        (_, "Acquire" | "Release") => &["Relaxed"],
        _ => &[],
    }
}

/// Tries the models that reach the site, fastest first, until one fails.
fn hunt(checker: &Checker, site: &Site, weakened: &'static str) -> Verdict {
    let mutant = format!("{} {weakened}", site.place);
    let mut verdict = Verdict {
        site: site.name.clone(),
        declared: site.declared.clone(),
        weakened,
        tried: 0,
        killer: None,
    };
    for model in &site.models {
        verdict.tried += 1;
        let run = checker.run(model, &[("PHOTOFINISH_MUTANT", &mutant)], LONGEST_MUTANT);
        let run = run.expect("the models run");
        if run.end.is_found() {
            verdict.killer = Some((model.clone(), run.end, run.time));
            break;
        }
    }
    if verdict.killer.is_none() {
        println!("survived: {mutant}");
    }
    verdict
}

fn line(verdict: &Verdict) -> String {
    let Verdict { site, declared, weakened, tried, killer } = verdict;
    match killer {
        Some((model, end, time)) => {
            let seconds = time.as_secs_f64();
            format!("| {site} | {declared} | {weakened} | {model} | {end:?} | {seconds:.2} |")
        }
        None => format!("| {site} | {declared} | {weakened} | none of {tried} | | |"),
    }
}

/// What is wrong, if anything.
fn judge(verdicts: &[Verdict], unreached: &[String]) -> String {
    let mut complaints = String::new();
    for place in unreached {
        let _ = writeln!(complaints, "no model reaches the ordering at {place}");
    }
    for verdict in verdicts {
        let Verdict { site, weakened, killer, .. } = verdict;
        let allowed = ALLOWED.iter().any(|a| a.site == site && a.weakened == *weakened);
        match (killer, allowed) {
            (None, false) => {
                let _ = writeln!(complaints, "no model needs more than {weakened} at {site}");
            }
            (Some((model, ..)), true) => {
                let _ =
                    writeln!(complaints, "{weakened} at {site} is allowed, and {model} kills it");
            }
            (None, true) | (Some(_), false) => {}
        }
    }
    complaints
}

fn render(verdicts: &[Verdict], killed: usize) -> String {
    let mut page = String::from(
        "# The kill matrix\n\n\
         Each ordering of the protocol and of the idle protocol, made one step weaker, and the \
         first model that fails then. `cargo kill --write` writes this page; `cargo kill` fails \
         if the source declares other orderings than this page says, if a weakening survives that \
         is not listed below, and if no model reaches an ordering.\n\n\
         The seconds are those of one run, and only tell fast from slow.\n\n",
    );
    let _ = writeln!(page, "{killed} of {} weakenings killed.\n", verdicts.len());
    page.push_str("| site | declared | weakened to | killed by | how | seconds |\n");
    page.push_str("|---|---|---|---|---|---|\n");
    for verdict in verdicts {
        let _ = writeln!(page, "{}", line(verdict));
    }
    page.push_str("\n## Survivors, and why\n\n");
    if ALLOWED.is_empty() {
        page.push_str("None.\n");
    }
    for allowed in ALLOWED {
        let _ = writeln!(page, "* {} to {}: {}", allowed.site, allowed.weakened, allowed.reason);
    }
    page
}

/// What is declared at each site that can be weakened.
type Declared = BTreeMap<String, BTreeSet<String>>;

fn declared_by(sites: &[Site]) -> Declared {
    let mut declared = Declared::new();
    for site in sites.iter().filter(|site| !weaker(&site.place.kind, &site.declared).is_empty()) {
        declared.entry(site.name.clone()).or_default().insert(site.declared.clone());
    }
    declared
}

/// The same as `page` has it.
fn declared_on(page: &str) -> Declared {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| site"));
    let mut declared = Declared::new();
    for row in rows {
        let mut cells = row.split(" | ");
        if let (Some(site), Some(ordering)) = (cells.next(), cells.next()) {
            let site = site.trim_start_matches("| ").to_owned();
            declared.entry(site).or_default().insert(ordering.to_owned());
        }
    }
    declared
}

fn declared_on_page() -> Declared {
    declared_on(&fs::read_to_string(workspace().join(PAGE)).unwrap_or_default())
}

fn compare(is: &Declared, was: &Declared) -> String {
    let mut complaints = String::new();
    for site in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
        let say = |orderings: Option<&BTreeSet<String>>| {
            orderings.map_or("nothing that can be weakened".to_owned(), |orderings| {
                orderings.iter().cloned().collect::<Vec<_>>().join(", ")
            })
        };
        if was.get(site) != is.get(site) {
            let (was, is) = (say(was.get(site)), say(is.get(site)));
            let _ = writeln!(complaints, "{site}: the source declares {is}, {PAGE} says {was}");
        }
    }
    complaints
}
