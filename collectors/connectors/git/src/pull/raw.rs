//! Reads commit and tag objects as they lie in the object database. It forgives what real histories
//! hold (broken dates, missing names, any bytes), since a commit that is refused is a hole in the graph.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8};
use gix::ObjectId;

/// Who and when, of an `author`, `committer` or `tagger` line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ident<'a> {
    /// All before the time: `Name <address>`.
    pub who: &'a [u8],
    /// Seconds since 1970-01-01 UTC, if the line says so.
    pub seconds: Option<i64>,
}

impl<'a> Ident<'a> {
    fn parse(line: &'a [u8]) -> Self {
        // what follows the last `>` is the time, as in git
        let Some(end) = line.iter().rposition(|byte| *byte == b'>') else {
            return Self { who: line, seconds: None };
        };
        let (who, when) = line.split_at(end + 1);
        Self { who, seconds: seconds(when) }
    }

    /// The name and the address.
    pub fn parts(&self) -> (&'a [u8], &'a [u8]) {
        let Some(open) = self.who.iter().position(|byte| *byte == b'<') else {
            return (self.who.trim_ascii(), &[]);
        };
        let (name, rest) = self.who.split_at(open);
        let rest = rest.get(1..).unwrap_or_default();
        let close = rest.iter().position(|byte| *byte == b'>').unwrap_or(rest.len());
        (name.trim_ascii(), rest.get(..close).unwrap_or_default().trim_ascii())
    }
}

fn seconds(when: &[u8]) -> Option<i64> {
    let word = when.trim_ascii_start().split(u8::is_ascii_whitespace).next()?;
    let (negative, digits) = match word {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value =
        digits.iter().fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -value } else { value })
}

/// A commit object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RawCommit<'a> {
    /// Its tree.
    pub tree: Option<ObjectId>,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// Who wrote it, when.
    pub author: Ident<'a>,
    /// Who committed it, when.
    pub committer: Ident<'a>,
    /// The encoding of its texts, if it is not UTF-8.
    pub encoding: Option<&'a [u8]>,
    /// Its message.
    pub message: &'a [u8],
}

impl<'a> RawCommit<'a> {
    /// Reads all of it.
    pub fn parse(data: &'a [u8]) -> Self {
        let mut commit = Self::default();
        let message = headers(data, |key, value| match key {
            b"tree" => commit.tree = id(value),
            b"parent" => commit.parents.extend(id(value)),
            b"author" => commit.author = Ident::parse(value),
            b"committer" => commit.committer = Ident::parse(value),
            b"encoding" => commit.encoding = Some(value),
            _ => {}
        });
        commit.message = message;
        commit
    }

    /// When it was written; when it was committed if it does not say.
    pub fn authored(&self) -> i64 {
        self.author.seconds.or(self.committer.seconds).unwrap_or_default()
    }

    /// When it was committed; when it was written if it does not say.
    pub fn committed(&self) -> i64 {
        self.committer.seconds.or(self.author.seconds).unwrap_or_default()
    }

    /// A text of this commit as UTF-8: what is no UTF-8 is decoded as the commit says, and replaced where it
    /// says nothing that is known.
    pub fn text<'t>(&self, bytes: &'t [u8]) -> Cow<'t, str> {
        let encoding = self.encoding.and_then(encoding);
        match std::str::from_utf8(bytes) {
            // the one encoding that is known here whose every byte is ASCII
            Ok(text) if encoding != Some(ISO_2022_JP) => Cow::Borrowed(text),
            _ => encoding.unwrap_or(UTF_8).decode_without_bom_handling(bytes).0,
        }
    }
}

/// An encoding by the name that git's users give it, which `iconv` knows.
fn encoding(name: &[u8]) -> Option<&'static Encoding> {
    let name = name.trim_ascii().to_ascii_lowercase();
    let label: &[u8] = match &*name {
        b"latin-1" => b"latin1",
        b"latin-9" => b"iso-8859-15",
        b"cp932" => b"shift_jis",
        b"cp936" => b"gbk",
        b"cp949" | b"euckr" | b"uhc" => b"euc-kr",
        b"cp950" => b"big5",
        b"eucjp" => b"euc-jp",
        name => name,
    };
    Encoding::for_label(label)
}

/// Only the parents, which stand right behind the tree. For walking.
pub(super) fn parents(data: &[u8], parents: &mut Vec<ObjectId>) {
    parents.clear();
    for line in data.split(|byte| *byte == b'\n').skip(1) {
        let Some(value) = line.strip_prefix(b"parent ") else { break };
        parents.extend(id(value));
    }
}

/// Only the time of the committer. For walking in the order of time.
pub(super) fn committed(data: &[u8]) -> i64 {
    let mut found = None;
    for line in data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty()) {
        if let Some(value) = line.strip_prefix(b"committer ") {
            found = Ident::parse(value).seconds;
            break;
        }
    }
    found.unwrap_or_default()
}

/// A tag object: what it points to, and when it was set.
pub(super) fn tag(data: &[u8]) -> (Option<ObjectId>, Option<i64>) {
    let (mut target, mut when) = (None, None);
    headers(data, |key, value| match key {
        b"object" => target = id(value),
        b"tagger" => when = Ident::parse(value).seconds,
        _ => {}
    });
    (target, when)
}

/// Calls `each` with every header (continuation lines, as of signatures, are skipped) and returns what
/// follows the blank line.
fn headers<'a>(mut data: &'a [u8], mut each: impl FnMut(&'a [u8], &'a [u8])) -> &'a [u8] {
    while let Some(end) = data.iter().position(|byte| *byte == b'\n') {
        let (line, rest) = data.split_at(end);
        data = rest.get(1..).unwrap_or_default();
        if line.is_empty() {
            return data;
        }
        if line.first() == Some(&b' ') {
            continue;
        }
        if let Some(space) = line.iter().position(|byte| *byte == b' ') {
            let (key, value) = line.split_at(space);
            each(key, value.get(1..).unwrap_or_default());
        }
    }
    &[]
}

fn id(hex: &[u8]) -> Option<ObjectId> {
    ObjectId::from_hex(hex.trim_ascii_end()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

    #[test]
    fn a_signed_merge_with_an_odd_author_is_read() {
        let data = format!(
            "tree {ID}\nparent {ID}\nparent {ID}\nauthor A <b> C <a@x.org> -62135596800 -0330\n\
             committer Ann <ann@x.org> 1700000000 +0100\ngpgsig -----BEGIN\n parent {ID}\n \n -----END\n\nSubject\n\nBody\n"
        );
        let commit = RawCommit::parse(data.as_bytes());
        assert_eq!(commit.parents.len(), 2);
        assert_eq!(commit.authored(), -62_135_596_800);
        assert_eq!(commit.committed(), 1_700_000_000);
        assert_eq!(commit.committer.parts(), (&b"Ann"[..], &b"ann@x.org"[..]));
        assert_eq!(commit.message, b"Subject\n\nBody\n");
        let mut only = Vec::new();
        parents(data.as_bytes(), &mut only);
        assert_eq!(only, commit.parents);
        assert_eq!(committed(data.as_bytes()), 1_700_000_000);
    }

    #[test]
    fn whatever_the_bytes_something_is_read() {
        for bad in
            ["", "\n", "tree", "tree x\nparent y\nauthor\ncommitter z\n\n", "author <> \n\nm", "author a>b< 12x +0"]
        {
            let commit = RawCommit::parse(bad.as_bytes());
            assert_eq!(commit.authored(), 0, "{bad:?}");
            let _ = commit.author.parts();
        }
        let huge = RawCommit::parse(b"author a <a> 99999999999999999999 +0000\n\n");
        assert_eq!(huge.authored(), i64::MAX);
    }

    #[test]
    fn latin_1_is_decoded_where_the_commit_says_so() {
        let commit = RawCommit::parse(b"author J\xfcrgen <j@x> 1 +0\nencoding ISO-8859-1\n\nGr\xfc\xdfe");
        assert_eq!(commit.text(commit.message), "Grüße");
        assert_eq!(commit.text(commit.author.parts().0), "Jürgen");
        let other = RawCommit::parse(b"author a <a> 1 +0\n\nGr\xfc\xdfe");
        assert_eq!(other.text(other.message), "Gr\u{fffd}\u{fffd}e");
    }

    #[test]
    fn texts_are_decoded_as_git_shows_them() {
        for (encoding, bytes, shown) in [
            ("windows-1251", &b"\xcf\xf0\xe8\xe2\xe5\xf2"[..], "Привет"),
            ("CP1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("KOI8-R", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("Shift_JIS", b"\x83e\x83X\x83g", "テスト"),
            ("cp932", b"\x83e\x83X\x83g", "テスト"),
            ("ISO-2022-JP", b"\x1b$B%F%9%H\x1b(B", "テスト"),
            ("Latin-1", b"Gr\xfc\xdfe", "Grüße"),
            ("ISO-8859-1", "Grüße".as_bytes(), "Grüße"),
            ("no-such", b"Gr\xfc", "Gr\u{fffd}"),
        ] {
            let header = [b"author a <a> 1 +0\nencoding ", encoding.as_bytes(), b"\n\n", bytes].concat();
            let commit = RawCommit::parse(&header);
            assert_eq!(commit.text(commit.message), shown, "{encoding}");
        }
    }
}
