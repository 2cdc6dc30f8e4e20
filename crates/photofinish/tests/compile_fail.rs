//! What must not compile does not, for the reason that is meant.
//!
//! Each file in `tests/compile_fail` says in its first line what every error of the compiler must
//! contain: mostly an error's code, because the wording changes from compiler to compiler, and
//! with it every test that compares the whole message. `control.rs` has to compile: it shows that
//! the errors of the others are not those of a library that was not found.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail")
}

/// The compiler, at work on a file that uses the library.
struct Compiler {
    library: PathBuf,
    dependencies: PathBuf,
    output: PathBuf,
}

impl Compiler {
    /// Finds the library where this test was built: the newest build with which the control
    /// compiles.
    fn find() -> Self {
        let test = std::env::current_exe().expect("the test is a file");
        let dependencies = test.parent().expect("the file is in a directory").to_owned();
        let files = fs::read_dir(&dependencies).expect("the directory can be read").flatten();
        let mut builds: Vec<_> = files
            .map(|file| file.path())
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("libphotofinish-") && name.ends_with(".rlib")
            })
            .collect();
        builds.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
        let output = std::env::temp_dir().join(format!("photofinish-{}", std::process::id()));
        fs::create_dir_all(&output).expect("a temporary directory can be made");
        let mut said = String::from("there is no build of the library");
        for library in builds.into_iter().rev() {
            let (dependencies, output) = (dependencies.clone(), output.clone());
            let compiler = Self { library, dependencies, output };
            let control = compiler.compile(&cases().join("control.rs"));
            if control.status.success() {
                return compiler;
            }
            said = String::from_utf8_lossy(&control.stderr).into_owned();
        }
        panic!("the control does not compile: {said}");
    }

    fn compile(&self, file: &Path) -> Output {
        let library = format!("--extern=photofinish={}", self.library.display());
        Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--color=never"])
            .arg(library)
            .arg("-L")
            .arg(format!("dependency={}", self.dependencies.display()))
            .arg("--out-dir")
            .arg(&self.output)
            .arg(file)
            .output()
            .expect("the compiler runs")
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.output).ok();
    }
}

/// What is wrong with a case, if anything is.
fn complaint(compiler: &Compiler, file: &Path) -> Option<String> {
    let source = fs::read_to_string(file).expect("the case can be read");
    let expected = source.lines().next().and_then(|line| line.strip_prefix("//@ error: "));
    let Some(expected) = expected else { return Some("its first line names no error".to_owned()) };
    let output = compiler.compile(file);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Some("it compiles".to_owned());
    }
    let errors: HashSet<_> = said
        .lines()
        .filter(|line| line.starts_with("error") && !line.starts_with("error: aborting"))
        .collect();
    let as_expected = !errors.is_empty() && errors.iter().all(|error| error.contains(expected));
    (!as_expected).then(|| format!("it fails, but not with {expected:?}:\n{said}"))
}

#[test]
#[cfg_attr(miri, ignore = "it runs the compiler")]
fn misuse_does_not_compile() {
    let compiler = Compiler::find();
    let mut files: Vec<_> = fs::read_dir(cases())
        .expect("the cases can be read")
        .map(|file| file.expect("the case can be read").path())
        .filter(|path| !path.ends_with("control.rs"))
        .collect();
    files.sort();
    assert!(files.len() >= 40, "some cases have gone: {files:?}");
    let complaints: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let complaint = complaint(&compiler, file)?;
            Some(format!("{}: {complaint}", file.display()))
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
