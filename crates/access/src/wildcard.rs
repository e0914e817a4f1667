//! Patterns with `*` and `?`, and how a text is matched against one.
//!
//! A pattern is cut at its `*`s. The first piece must begin the text, the last must end it, and
//! each of the others is looked for after the one before it: where the leftmost place does not lead
//! to a match, no other does, so nothing is ever tried again. Plain pieces are found by a linear
//! search, pieces with `?` by one with 64 places at a time (`search.rs`). Work is at most the
//! text's length, times a 64th of the longest piece with `?`; memory is linear in the pattern.

mod search;
#[cfg(test)]
mod tests;

use memchr::memmem;

use search::Search;

/// One element of a pattern, once escapes are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    /// This very character.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Many,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Shape);

#[derive(Clone, Debug)]
enum Shape {
    Any,
    Exact(Box<str>),
    Prefix(Box<str>),
    /// Without `*`: the whole text is one piece.
    Whole(Piece),
    Pieces(Box<Pieces>),
}

#[derive(Clone, Debug)]
struct Pieces {
    first: Piece,
    middle: Box<[Middle]>,
    last: Piece,
}

/// What stands between two `*`s: characters, `None` for `?`.
type Piece = Box<[Option<char>]>;

#[derive(Clone, Debug)]
enum Middle {
    Plain(Box<str>),
    Loose(Search),
}

impl Pattern {
    /// `*` and `?` in the text are wildcards.
    pub(crate) fn parse(text: &str) -> Self {
        let tokens: Vec<Token> = text.chars().map(Token::wild).collect();
        Self::of(&tokens)
    }

    pub(crate) fn of(tokens: &[Token]) -> Self {
        if !tokens.contains(&Token::Many) {
            let piece = piece(tokens);
            return Self(plain(&piece).map_or(Shape::Whole(piece), Shape::Exact));
        }
        let mut pieces = tokens.split(|token| *token == Token::Many).map(piece);
        let first = pieces.next().unwrap_or_default();
        let last = pieces.next_back().unwrap_or_default();
        let middle: Box<[Middle]> =
            pieces.filter(|piece| !piece.is_empty()).map(Middle::of).collect();
        match plain(&first) {
            Some(text) if last.is_empty() && middle.is_empty() => {
                Self(if text.is_empty() { Shape::Any } else { Shape::Prefix(text) })
            }
            _ => Self(Shape::Pieces(Box::new(Pieces { first, middle, last }))),
        }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Shape::Any => true,
            Shape::Exact(exact) => **exact == *text,
            Shape::Prefix(prefix) => text.as_bytes().starts_with(prefix.as_bytes()),
            Shape::Whole(piece) => strip_start(piece, text).is_some_and(str::is_empty),
            Shape::Pieces(pieces) => pieces.matches(text),
        }
    }
}

impl Token {
    /// The meaning of a character where wildcards are read.
    pub(crate) fn wild(char: char) -> Self {
        match char {
            '*' => Self::Many,
            '?' => Self::One,
            other => Self::Char(other),
        }
    }
}

impl Pieces {
    fn matches(&self, text: &str) -> bool {
        let Some(mut rest) = strip_start(&self.first, text) else {
            return false;
        };
        for middle in &self.middle {
            match middle.after(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        ends_with(&self.last, rest)
    }
}

impl Middle {
    fn of(piece: Piece) -> Self {
        plain(&piece).map_or_else(|| Self::Loose(Search::of(&piece)), Self::Plain)
    }

    /// What follows the leftmost place of this piece in the text.
    fn after<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Plain(piece) => {
                let at = memmem::find(text.as_bytes(), piece.as_bytes())?;
                text.get(at + piece.len()..)
            }
            Self::Loose(search) => text.get(search.end_in(text)?..),
        }
    }
}

fn piece(tokens: &[Token]) -> Piece {
    let char = |token: &Token| match token {
        Token::Char(char) => Some(*char),
        Token::One | Token::Many => None,
    };
    tokens.iter().map(char).collect()
}

/// The piece as a text, if it has no `?`.
fn plain(piece: &Piece) -> Option<Box<str>> {
    piece.iter().copied().collect::<Option<String>>().map(String::into_boxed_str)
}

fn fits(wanted: Option<char>, found: char) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// What follows the piece, if the text begins with it.
fn strip_start<'t>(piece: &Piece, text: &'t str) -> Option<&'t str> {
    let mut chars = text.chars();
    piece
        .iter()
        .all(|wanted| chars.next().is_some_and(|found| fits(*wanted, found)))
        .then_some(chars.as_str())
}

fn ends_with(piece: &Piece, text: &str) -> bool {
    let mut chars = text.chars().rev();
    piece.iter().rev().all(|wanted| chars.next().is_some_and(|found| fits(*wanted, found)))
}
