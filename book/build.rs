//! Makes a module of each page. Links between pages become links between modules, which rustdoc
//! checks; links to sources lead to the sources in the documentation; of all other links the text
//! remains.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

mod links;

/// The documentation of each crate, and of the one program.
const CRATES: [(&str, &str); 6] = [
    ("crates/photofinish", "photofinish"),
    ("crates/protocol", "photofinish_protocol"),
    ("crates/baselines", "photofinish_baselines"),
    ("crates/stress", "stress"),
    ("benches", "photofinish_bench"),
    ("loom-tests", "photofinish_loom_tests"),
];

/// The pages at the root.
fn door(root: &Path) -> Vec<String> {
    let entries = fs::read_dir(root).expect("the root");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".md")).collect()
}

/// The pages below `folder`, as paths below the root.
fn pages(root: &Path, folder: &str, found: &mut Vec<String>) {
    println!("cargo::rerun-if-changed={}", root.join(folder).display());
    for entry in fs::read_dir(root.join(folder)).expect("a folder of pages") {
        let entry = entry.expect("an entry");
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            pages(root, &path, found);
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The module of a page: `decisions/0001-a.md` is `decisions::_0001_a`, and `docs/README.md` the
/// crate itself.
fn module(page: &str) -> Vec<String> {
    let inside = page.strip_prefix("docs/");
    let path = inside.unwrap_or(page).trim_end_matches(".md");
    let name = |part: &str| {
        let name = part.to_lowercase().replace('-', "_");
        if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
    };
    let mut names: Vec<String> = path.split('/').map(name).collect();
    if inside.is_some() && names.last().is_some_and(|last| last == "readme") {
        names.pop();
    }
    names
}

/// A picture as part of the page: rustdoc copies no files.
fn picture(path: &Path) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    let bytes = fs::read(path).expect("a picture");
    let mut url = "data:image/svg+xml,".to_owned();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("a string takes all");
        }
    }
    url
}

/// The pages of the book, and where they are found in it.
struct Book {
    root: PathBuf,
    modules: BTreeMap<String, Vec<String>>,
}

impl Book {
    /// Where a link from a page in `depth` modules leads to, if the documentation has such a place.
    fn place(&self, path: &str, anchor: &str, depth: usize) -> Option<String> {
        let page =
            self.modules.get(path).or_else(|| self.modules.get(&format!("{path}/README.md")));
        if let Some(names) = page {
            let inner: String = names.iter().map(|name| format!("::{name}")).collect();
            return Some(format!("crate{inner}{anchor}"));
        }
        let top = "../".repeat(depth + 1);
        for (folder, name) in CRATES {
            match path.strip_prefix(folder) {
                Some("") => return Some(format!("{top}{name}/index.html")),
                Some(file) if file.ends_with(".rs") => {
                    let file = file.strip_prefix("/src/")?;
                    return Some(format!("{top}src/{name}/{file}.html"));
                }
                _ => {}
            }
        }
        None
    }

    /// The page, its links led to where the documentation has them.
    fn rendered(&self, path: &str) -> String {
        let depth = self.modules[path].len();
        let mut page = fs::read_to_string(self.root.join(path)).expect("a page");
        for link in links::links(&page).into_iter().rev() {
            let (target, anchor) = links::resolve(path, &link.target);
            let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
            let whole = &page[link.place.clone()];
            let (text, _) = whole.rsplit_once("](").expect("an inline link");
            let new = if link.is_picture {
                format!("{text}]({})", picture(&self.root.join(target)))
            } else if let Some(place) = self.place(&target, &anchor, depth) {
                format!("{text}]({place})")
            } else {
                text[1..].to_owned()
            };
            page.replace_range(link.place, &new);
        }
        page
    }
}

/// Modules within modules.
#[derive(Default)]
struct Module {
    page: Option<PathBuf>,
    inner: BTreeMap<String, Module>,
}

impl Module {
    fn write(&self, source: &mut String) {
        for (name, module) in &self.inner {
            if let Some(page) = &module.page {
                writeln!(source, "#[doc = include_str!({page:?})]").expect("a string takes all");
            }
            writeln!(source, "pub mod {name} {{").expect("a string takes all");
            module.write(source);
            source.push_str("}\n");
        }
    }
}

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let mut paths = door(&root);
    pages(&root, "docs", &mut paths);
    let modules = paths.into_iter().map(|path| (path.clone(), module(&path))).collect();
    let book = Book { root, modules };

    let mut top = Module::default();
    for (path, names) in &book.modules {
        println!("cargo::rerun-if-changed={}", book.root.join(path).display());
        let file = if names.is_empty() { "contents.md".to_owned() } else { path.replace('/', ".") };
        let file = out.join(file);
        fs::write(&file, book.rendered(path)).expect("a writable folder");
        let own = names
            .iter()
            .fold(&mut top, |module, name| module.inner.entry(name.clone()).or_default());
        own.page = Some(file);
    }
    let mut source = String::new();
    top.write(&mut source);
    fs::write(out.join("pages.rs"), source).expect("a writable folder");
}
