//! All designs by name.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::completion_set::ThroughSet;
use crate::crossbeam::ThroughCrossbeam;
use crate::design::Design;
use crate::handles::ThroughHandles;
use crate::mpsc::ThroughMpsc;
use crate::mutex::ThroughMutex;

/// Something to be done with a design whose type is chosen at run time.
///
/// ```
/// use photofinish_baselines::{Design, Entry, Visit};
///
/// struct OneTask;
/// impl Visit<u32> for OneTask {
///     type Output = Option<u32>;
///     fn visit<D: Design<u32>>(self) -> Option<u32> {
///         let mut design = D::with_workers(1);
///         design.submit(|| 7);
///         design.next()
///     }
/// }
///
/// assert!(Entry::ALL.iter().all(|entry| entry.visit(OneTask) == Some(7)));
/// ```
pub trait Visit<T: Send + 'static> {
    /// What comes of it.
    type Output;

    /// Does it with the design `D`.
    fn visit<D: Design<T>>(self) -> Self::Output;
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $entry:ident => $design:ident,)+) => {
        /// One design of the catalogue.
        ///
        /// ```
        /// use photofinish_baselines::Entry;
        ///
        /// assert_eq!("std-mpsc".parse(), Ok(Entry::StdMpsc));
        /// let error = "std-mcsp".parse::<Entry>().unwrap_err();
        /// assert!(error.to_string().contains("crossbeam-channel"));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Entry {
            $($(#[$doc])* $entry,)+
        }

        impl Entry {
            /// Every design, ours first.
            pub const ALL: &[Self] = &[$(Self::$entry),+];

            /// The design's name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$entry => <$design<()> as Design<()>>::NAME,)+
                }
            }

            /// Does something with the design.
            pub fn visit<T: Send + 'static, V: Visit<T>>(self, visitor: V) -> V::Output {
                match self {
                    $(Self::$entry => visitor.visit::<$design<T>>(),)+
                }
            }
        }
    };
}

catalogue! {
    /// Ours, promised at submission.
    CompletionSet => ThroughSet,
    /// Ours, by handles.
    Handles => ThroughHandles,
    /// The standard library's channel.
    StdMpsc => ThroughMpsc,
    /// Crossbeam's channel.
    CrossbeamChannel => ThroughCrossbeam,
    /// A mutex and a condition variable.
    MutexCondvar => ThroughMutex,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Entry {
    type Err = UnknownDesign;

    fn from_str(name: &str) -> Result<Self, UnknownDesign> {
        let found = Self::ALL.iter().copied().find(|entry| entry.name() == name);
        found.ok_or_else(|| UnknownDesign(name.to_owned()))
    }
}

/// No design has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDesign(String);

impl fmt::Display for UnknownDesign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no design named {:?}; the designs are", self.0)?;
        for (nth, entry) in Entry::ALL.iter().enumerate() {
            write!(f, "{} {entry}", if nth == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Error for UnknownDesign {}
