//! The imports, paths and items of one source file, read from its tokens.

use std::collections::BTreeSet;

/// What stands before an item that is only compiled for tests.
const TEST_ONLY: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

/// What a file declares, without its tests.
#[derive(Debug, Default)]
pub struct Source {
    pub uses: Vec<Use>,
    /// Items at the top of the file.
    pub defines: BTreeSet<String>,
    /// Paths outside of `use` declarations.
    paths: BTreeSet<Vec<String>>,
    /// Words outside of `use` declarations.
    words: BTreeSet<String>,
}

/// One name that a `use` declaration brings into scope; `*` for all of a module's.
#[derive(Debug)]
pub struct Use {
    pub name: String,
    pub path: Vec<String>,
    is_reexport: bool,
}

impl Source {
    pub fn read(text: &str) -> Self {
        let mut reader = Reader { tokens: tokens(text), at: 0, inline: Vec::new(), source: Self::default() };
        reader.items();
        reader.source
    }

    /// The paths that the file depends on. A re-export is one only if the file itself uses the name.
    pub fn dependencies(&self) -> BTreeSet<Vec<String>> {
        let uses = self.uses.iter().filter(|found| !found.is_reexport || self.words.contains(&found.name));
        uses.map(|found| &found.path).chain(&self.paths).cloned().collect()
    }
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    /// The depths of braces at which modules within the file begin.
    inline: Vec<i32>,
    source: Source,
}

impl Reader {
    fn token(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn items(&mut self) {
        let (mut depth, mut is_public) = (0, false);
        while self.at < self.tokens.len() {
            let is_reexport = std::mem::take(&mut is_public);
            match self.token(0) {
                "use" => {
                    self.at += 1;
                    self.tree(&mut Vec::new(), is_reexport);
                }
                "pub" => {
                    is_public = true;
                    self.visibility();
                }
                "#" if self.tokens[self.at..].iter().map(String::as_str).take(TEST_ONLY.len()).eq(TEST_ONLY) => {
                    self.skip_item();
                }
                "struct" | "enum" | "fn" | "trait" | "type" | "const" | "static" | "union" | "mod" => {
                    if self.token(0) == "mod" && self.token(2) == "{" {
                        self.inline.push(depth);
                    }
                    if depth == 0 {
                        self.source.defines.insert(self.token(1).to_owned());
                    }
                    // neither the keyword nor the name is a use of anything
                    self.at += 2;
                }
                word if is_word(word) => self.path(),
                sign => {
                    let closes = sign == "}";
                    depth += i32::from(sign == "{") - i32::from(closes);
                    self.inline.pop_if(|start| closes && *start == depth);
                    self.at += 1;
                }
            }
        }
    }

    /// The path as the file itself would write it, outside of its inline modules.
    fn outside(&self, path: &[String]) -> Vec<String> {
        let supers = path.iter().take_while(|name| *name == "super").count();
        let (climbed, rest) = path.split_at(supers.min(self.inline.len()));
        let begins_here = !climbed.is_empty() && rest.first().is_none_or(|name| name != "super");
        begins_here.then(|| "self".to_owned()).into_iter().chain(rest.iter().cloned()).collect()
    }

    /// Skips `pub`, and the `(in …)` after it.
    fn visibility(&mut self) {
        self.at += 1;
        if self.token(0) == "(" {
            while !matches!(self.token(0), ")" | "") {
                self.at += 1;
            }
            self.at += 1;
        }
    }

    /// Reads one tree of a `use` declaration, of which `before` was read already.
    fn tree(&mut self, before: &mut Vec<String>, is_reexport: bool) {
        let length = before.len();
        if self.token(0) == "::" {
            self.at += 1;
        }
        while is_word(self.token(0)) || self.token(0) == "*" {
            before.push(self.token(0).to_owned());
            self.at += 1;
            if self.token(0) != "::" {
                self.import(before.clone(), is_reexport);
                break;
            }
            self.at += 1;
        }
        if self.token(0) == "{" {
            self.at += 1;
            while !matches!(self.token(0), "}" | "") {
                self.tree(before, is_reexport);
                self.at += usize::from(self.token(0) == ",");
            }
            self.at += 1;
        }
        before.truncate(length);
    }

    /// Keeps an imported path, with the name after `as` if one follows.
    fn import(&mut self, mut path: Vec<String>, is_reexport: bool) {
        let is_glob = path.last().is_some_and(|last| last == "*");
        if is_glob || path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = if is_glob { "*".to_owned() } else { path.last().cloned().unwrap_or_default() };
        if self.token(0) == "as" {
            self.token(1).clone_into(&mut name);
            self.at += 2;
        }
        let path = self.outside(&path);
        self.source.uses.push(Use { name, path, is_reexport });
    }

    /// Reads a word, or the path that it begins.
    fn path(&mut self) {
        let mut path = vec![self.token(0).to_owned()];
        self.source.words.insert(self.token(0).to_owned());
        self.at += 1;
        while self.token(0) == "::" && is_word(self.token(1)) {
            path.push(self.token(1).to_owned());
            self.at += 2;
        }
        if path.len() > 1 {
            self.source.paths.insert(self.outside(&path));
        }
    }

    /// Skips an item with its attributes: to its `;`, or to the end of its braces.
    fn skip_item(&mut self) {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            let sign = self.token(0).to_owned();
            depth += i32::from(sign == "{") - i32::from(sign == "}");
            self.at += 1;
            if depth == 0 && (sign == ";" || sign == "}" && self.token(0) != ";") {
                break;
            }
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Words, `::` and single signs, without comments, texts, characters and lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            let length = match rest {
                _ if is_word(rest) => word_length(rest),
                _ if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            tokens.extend((!first.is_whitespace()).then(|| rest[..length].to_owned()));
            length
        };
        rest = &rest[length..];
    }
    tokens
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of the text, character or lifetime that is first.
fn literal(rest: &str) -> Option<usize> {
    let plain = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - plain.len();
    if let Some(raw) = plain.strip_prefix('r') {
        let hashes = &raw[..raw.len() - raw.trim_start_matches('#').len()];
        if let Some(text) = raw[hashes.len()..].strip_prefix('"') {
            let end = format!("\"{hashes}");
            let before = rest.len() - text.len();
            return Some(text.find(&end).map_or(rest.len(), |found| before + found + end.len()));
        }
    }
    if plain.starts_with('"') {
        return Some(prefix + quoted(plain, '"').unwrap_or(plain.len()));
    }
    let inner = plain.strip_prefix('\'')?;
    let is_character = inner.starts_with('\\') || inner.chars().nth(1) == Some('\'');
    let length = if is_character { quoted(plain, '\'') } else { None };
    Some(prefix + length.unwrap_or(1 + word_length(inner)))
}

/// The length of what stands in quotes at the start, with them.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}
