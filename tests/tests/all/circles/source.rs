//! The imports, paths and items of one source file, read from its tokens.

use std::collections::BTreeSet;

use crate::lexer::{Kind, Token, end_of_tests, tokens};

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
        let is_code = |token: &Token<'_>| matches!(token.kind, Kind::Word | Kind::Sign);
        let tokens = tokens(text).into_iter().filter(is_code).collect();
        let mut reader = Reader { tokens, at: 0, inline: Vec::new(), source: Self::default() };
        reader.items();
        reader.source
    }

    /// The paths that the file depends on. A re-export is one only if the file itself uses the name.
    pub fn dependencies(&self) -> BTreeSet<Vec<String>> {
        let uses = self.uses.iter().filter(|found| !found.is_reexport || self.words.contains(&found.name));
        uses.map(|found| &found.path).chain(&self.paths).cloned().collect()
    }
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// The depths of braces at which modules within the file begin.
    inline: Vec<i32>,
    source: Source,
}

impl<'a> Reader<'a> {
    fn token(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text)
    }

    fn items(&mut self) {
        let (mut depth, mut is_public) = (0, false);
        while self.at < self.tokens.len() {
            let is_reexport = std::mem::take(&mut is_public);
            if let Some(end) = end_of_tests(&self.tokens, self.at) {
                self.at = end;
                continue;
            }
            match self.token(0) {
                "use" => {
                    self.at += 1;
                    self.tree(&mut Vec::new(), is_reexport);
                }
                "pub" => {
                    is_public = true;
                    self.visibility();
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
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}
