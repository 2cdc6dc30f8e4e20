//! The links and headings of a page. The build script follows them, and the tests check them.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

/// A link or a picture.
#[derive(Debug)]
pub(crate) struct Link {
    /// Where it stands in the text, brackets included.
    pub(crate) place: Range<usize>,
    /// Where it leads to, as it is written.
    pub(crate) target: String,
    /// Whether it is a picture.
    pub(crate) is_picture: bool,
}

fn events(page: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(page, Options::ENABLE_TABLES).into_offset_iter()
}

/// The links and pictures of a page, in their order, but for those that name their scheme
/// (`https:`) as autolinks do.
///
/// # Panics
///
/// If a link is of another kind than `[text](target)`.
pub(crate) fn links(page: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (event, place) in events(page) {
        let (kind, target, is_picture) = match event {
            Event::Start(Tag::Link { link_type, dest_url, .. }) => (link_type, dest_url, false),
            Event::Start(Tag::Image { link_type, dest_url, .. }) => (link_type, dest_url, true),
            _ => continue,
        };
        if !target.contains(':') {
            assert_eq!(kind, LinkType::Inline, "a link to {target} that is written otherwise");
            links.push(Link { place, target: target.into_string(), is_picture });
        }
    }
    links
}

/// The anchors of a page's headings, made as public forges and rustdoc make them: in small letters,
/// with hyphens for spaces, and nothing else but letters and digits.
#[allow(dead_code, reason = "the build script only follows links")]
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    let mut heading: Option<String> = None;
    for (event, _) in events(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => anchors.extend(heading.take()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(anchor) = &mut heading {
                    let kept = text.chars().filter_map(|c| match c {
                        ' ' => Some('-'),
                        c if c.is_alphanumeric() || c == '-' || c == '_' => {
                            Some(c.to_ascii_lowercase())
                        }
                        _ => None,
                    });
                    anchor.extend(kept);
                }
            }
            _ => {}
        }
    }
    anchors
}

/// `target`, which stands on the page `from`, as a path below the root, and its anchor.
pub(crate) fn resolve(from: &str, target: &str) -> (String, Option<String>) {
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor.to_owned())),
        None => (target, None),
    };
    if path.is_empty() {
        return (from.to_owned(), anchor);
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    (parts.join("/"), anchor)
}
