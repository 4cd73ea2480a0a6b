//! Filling pages with commits and tags.

use std::borrow::Cow;
use std::collections::HashMap;

use kernel::Sha;

use super::counts::{Counts, Directories};
use super::raw::RawCommit;
use crate::page::{Frame, Page, PageCommit, PageTag};

/// A page ends at this number of commits …
const COMMITS: usize = 2_000;
/// … or of bytes, so that it fits into one message of a Kafka cluster with default settings.
const BYTES: usize = 700_000;
/// Longer messages keep their first and last part: the title, and trailers.
const MESSAGE_HEAD: usize = 3_072;
const MESSAGE_TAIL: usize = 1_024;
/// Bytes at either end of a message that are decoded.
const DECODED: usize = 64 << 10;

/// What is known of a commit beside what it says itself.
#[derive(Default)]
pub(super) struct Context {
    /// See [`crate::page::mark`].
    pub marks: u8,
    pub lines: Option<(Counts, Directories)>,
    /// See [`PageCommit::brought`].
    pub brought: Vec<Sha>,
}

/// Fills pages with commits.
pub(super) struct PageWriter {
    frame: Frame,
    people: HashMap<Vec<u8>, usize>,
    page: Page,
    bytes: usize,
}

impl PageWriter {
    /// Pages of this collection.
    pub fn new(frame: Frame) -> Self {
        let page = Page { frame: frame.clone(), people: Vec::new(), commits: Vec::new(), tags: Vec::new() };
        Self { frame, people: HashMap::new(), page, bytes: 0 }
    }

    /// Adds a commit, and returns the page if it is full by that.
    pub fn push(&mut self, sha: Sha, commit: &RawCommit<'_>, message: String, context: Context) -> Option<Page> {
        let Context { marks, lines, brought } = context;
        let author = self.person(commit, commit.author.who, commit.author.parts());
        let committer = (commit.committer.who != commit.author.who)
            .then(|| self.person(commit, commit.committer.who, commit.committer.parts()));
        let (lines, directories) = lines.unzip();
        let (directories, shortened) =
            directories.map(|directories| (directories.names, directories.shortened)).unzip();
        self.bytes += directories.iter().flatten().map(|directory| directory.len() + 4).sum::<usize>();
        self.bytes += brought.iter().map(|sha| 2 * sha.as_bytes().len() + 3).sum::<usize>();
        self.bytes += 160 + 44 * commit.parents.len() + message.bytes().map(width).sum::<usize>();
        self.page.commits.push(PageCommit {
            sha,
            parents: commit.parents.iter().filter_map(|parent| Sha::from_bytes(parent.as_bytes()).ok()).collect(),
            author,
            committer,
            authored: commit.authored(),
            committed: commit.committed(),
            message,
            marks,
            lines: lines.map(|counts| (counts.additions, counts.deletions, counts.files)),
            directories,
            directories_truncated: shortened.unwrap_or_default(),
            brought,
        });
        (self.page.commits.len() >= COMMITS || self.bytes >= BYTES).then(|| self.take())
    }

    /// What is left, if anything is.
    pub fn finish(mut self) -> Option<Page> {
        (!self.page.commits.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Page {
        self.people.clear();
        self.bytes = 0;
        let empty = Page { frame: self.frame.clone(), people: Vec::new(), commits: Vec::new(), tags: Vec::new() };
        std::mem::replace(&mut self.page, empty)
    }

    fn person(&mut self, commit: &RawCommit<'_>, who: &[u8], (name, address): (&[u8], &[u8])) -> usize {
        // equal bytes are other names in another encoding
        let who = match commit.encoding {
            Some(encoding) if !who.is_ascii() => Cow::Owned([who, encoding].join(&0)),
            _ => Cow::Borrowed(who),
        };
        if let Some(at) = self.people.get(&*who) {
            return *at;
        }
        let at = self.page.people.len();
        let (name, address) = (commit.text(name).into_owned(), commit.text(address).into_owned());
        self.bytes += name.len() + address.len() + 8;
        self.page.people.push((name, address));
        self.people.insert(who.into_owned(), at);
        at
    }
}

/// How many bytes a byte of text takes in JSON.
fn width(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..b' ' => 6,
        _ => 1,
    }
}

/// A commit's message, as it is kept.
pub(super) fn message(commit: &RawCommit<'_>) -> String {
    let bytes = commit.message;
    match (bytes.get(..DECODED), bytes.len().checked_sub(DECODED).and_then(|tail| bytes.get(tail..))) {
        (Some(head), Some(tail)) if bytes.len() > 2 * DECODED => {
            bounded(&format!("{}\n{}", commit.text(head), commit.text(tail)))
        }
        _ => bounded(&commit.text(bytes)),
    }
}

fn bounded(message: &str) -> String {
    if message.len() <= MESSAGE_HEAD + MESSAGE_TAIL {
        return message.trim_end().to_owned();
    }
    let head = message.get(..message.floor_char_boundary(MESSAGE_HEAD)).unwrap_or_default();
    let tail = message.get(message.ceil_char_boundary(message.len() - MESSAGE_TAIL)..).unwrap_or_default();
    format!("{head}\n…\n{}", tail.trim_end())
}

/// Tags in pages.
pub(super) fn tag_pages(frame: &Frame, tags: Vec<PageTag>) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut tags = tags.into_iter().peekable();
    while tags.peek().is_some() {
        let tags = tags.by_ref().take(COMMITS).collect();
        pages.push(Page { frame: frame.clone(), people: Vec::new(), commits: Vec::new(), tags });
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{PageRepository, mark};

    fn frame() -> Frame {
        let repository = PageRepository {
            id: "localhost/x".into(),
            name: "x".into(),
            url: None,
            default_branch: None,
            default_branch_tip: None,
            partial: false,
        };
        Frame { repository, observed: 1, floor: None, commit_floor: None, counted: false, deployment_branch: None }
    }

    fn push(writer: &mut PageWriter, sha: Sha, data: &[u8], marks: u8) -> Option<Page> {
        let commit = RawCommit::parse(data);
        writer.push(sha, &commit, message(&commit), Context { marks, ..Context::default() })
    }

    #[test]
    fn of_a_long_message_both_ends_are_kept_and_little_else_is_decoded() {
        let data = [b"author a <a> 1 +0\nencoding latin1\n\nGr\xfcn\n", &b"x"[..].repeat(1 << 20)[..], b"\nlast\n"];
        let kept = message(&RawCommit::parse(&data.concat()));
        assert!(kept.starts_with("Grün\nxxx") && kept.ends_with("xxx\nlast"), "{kept}");
        assert!(kept.len() < MESSAGE_HEAD + MESSAGE_TAIL + 10);
    }

    #[test]
    fn a_page_survives_its_wire_form() {
        let mut writer = PageWriter::new(frame());
        let sha = Sha::parse(&"a1".repeat(20)).unwrap();
        let data =
            format!("tree x\nparent {sha}\nauthor A <A@x> -5 +0\ncommitter B <b@x> 7 +0\n\nSubject\n\n\u{1}\"\\");
        assert!(push(&mut writer, sha, data.as_bytes(), mark::DEFAULT).is_none());
        let page = writer.finish().unwrap();
        let bytes = serde_json::to_vec(&page).unwrap();
        assert_eq!(serde_json::from_slice::<Page>(&bytes).unwrap(), page);
        assert_eq!(page.people.len(), 2);
    }

    #[test]
    fn equal_bytes_in_two_encodings_are_two_people() {
        let mut writer = PageWriter::new(frame());
        let sha = Sha::parse(&"a1".repeat(20)).unwrap();
        for encoding in ["", "encoding ISO-8859-1\n"] {
            let who = b"J\xfc <j@x> 1 +0\n";
            let data = [b"author ", &who[..], b"committer ", who, encoding.as_bytes(), b"\nSubject"].concat();
            push(&mut writer, sha, &data, 0);
        }
        let people = writer.finish().unwrap().people;
        assert_eq!(people.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["J\u{FFFD}", "Jü"]);
    }

    #[test]
    fn no_page_is_larger_than_a_message_may_be() {
        for text in ["x".repeat(4_000), "\u{1}".repeat(4_000), "é\n".repeat(3_000), "\\".repeat(9_000)] {
            let mut writer = PageWriter::new(frame());
            let data = format!("author A <A@x> 5 +0\n\n{text}");
            let sha = Sha::parse(&"a1".repeat(20)).unwrap();
            let page = (0..COMMITS).find_map(|_| push(&mut writer, sha, data.as_bytes(), 0)).unwrap();
            let length = serde_json::to_vec(&page).unwrap().len();
            assert!(length < 1_000_000, "{length} bytes");
        }
    }
}
