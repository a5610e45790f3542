//! The texts that were read, and places in them. Lines that definitions and generators made are one
//! more text; for each stretch of it is known what was written.

use std::collections::HashMap;
use std::sync::Arc;

/// Number of a file in `Sources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(u32);

/// A stretch of bytes of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    /// The file.
    pub(crate) file: FileId,
    /// First byte.
    pub(crate) start: u32,
    /// Behind the last byte.
    pub(crate) end: u32,
}

impl Span {
    /// From here to the end of another stretch of the same file.
    pub(crate) fn to(self, last: Self) -> Self {
        if self.file != last.file {
            return self;
        }
        Self {
            file: self.file,
            start: self.start.min(last.start),
            end: self.end.max(last.end),
        }
    }

    /// A part of this stretch; offsets are relative to its start.
    pub(crate) fn part(self, start: usize, end: usize) -> Self {
        let at = |offset: usize| {
            u32::try_from(offset)
                .map_or(self.end, |offset| self.start.saturating_add(offset))
                .min(self.end)
        };
        Self {
            file: self.file,
            start: at(start),
            end: at(end.max(start)),
        }
    }

    /// The empty stretch at its end.
    pub(crate) fn after(self) -> Self {
        Self {
            start: self.end,
            ..self
        }
    }
}

/// Where a stretch of a made line comes from; it goes on to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// First byte.
    pub(crate) at: u32,
    /// What was written: in the line itself or in the value of a definition.
    pub(crate) place: Span,
    /// How the text was made of that.
    pub(crate) kind: PieceKind,
    /// By which uses of definitions it came into the line.
    pub(crate) chain: Chain,
}

/// How the text of a piece was made of what is written at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// Byte for byte.
    Exact,
    /// Something else as a whole: a number of a sequence, a variable of the environment.
    Made,
    /// A name that is not defined stands for itself.
    Undefined,
}

/// Uses of definitions inside each other, by the number of the innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Chain(u32);

impl Chain {
    /// No use: the text stands in the line as written.
    pub(crate) const WRITTEN: Self = Self(u32::MAX);
}

/// A use of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Use {
    /// `${NAME}` as written, in a line or in the value of a definition.
    pub(crate) place: Span,
    /// The use that brought that value.
    pub(crate) parent: Chain,
    /// The name.
    pub(crate) name: Arc<str>,
}

/// What an operator has to see of a stretch of a made line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// In the line that was read.
    pub(crate) outer: Span,
    /// In the value of a definition.
    pub(crate) inner: Option<Span>,
    /// The made line.
    pub(crate) line: Option<Span>,
}

/// Where something stands, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// One file.
#[derive(Debug)]
struct SourceFile {
    name: String,
    text: String,
    /// Offset of the first byte of each line.
    starts: Vec<u32>,
}

/// All files of one reading.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: Vec<SourceFile>,
    /// The text with all made lines.
    made: Option<FileId>,
    /// Pieces of the made lines in the order of that text.
    pieces: Vec<Piece>,
    uses: Vec<Use>,
    numbers: HashMap<Use, Chain>,
}

impl Sources {
    /// Takes a text; it is shorter than 4 GiB.
    pub(crate) fn add(&mut self, name: String, text: String) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let starts = std::iter::once(0)
            .chain(
                text.bytes()
                    .enumerate()
                    .filter(|(_, byte)| *byte == b'\n')
                    .filter_map(|(at, _)| u32::try_from(at.saturating_add(1)).ok()),
            )
            .collect();
        self.files.push(SourceFile { name, text, starts });
        id
    }

    /// How many files there are.
    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    /// The name of the file that was read first.
    pub(crate) fn main(&self) -> Option<&str> {
        self.files.first().map(|file| file.name.as_str())
    }

    /// A file's name as the operator wrote it.
    pub(crate) fn name(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.name)
    }

    /// A file's text.
    pub(crate) fn text(&self, file: FileId) -> &str {
        self.file(file).map_or("", |file| &file.text)
    }

    /// The text of a stretch.
    pub(crate) fn slice(&self, span: Span) -> &str {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text(span.file)
            .get(at(span.start)..at(span.end))
            .unwrap_or("")
    }

    /// Each line of a file without its line end.
    pub(crate) fn lines(&self, file: FileId) -> impl Iterator<Item = Span> {
        let starts = self.file(file).map_or(&[][..], |file| &file.starts);
        (0..starts.len()).filter_map(move |line| self.line(file, line))
    }

    /// A line, counted from 0, without its line end.
    pub(crate) fn line(&self, file: FileId, line: usize) -> Option<Span> {
        let source = self.file(file)?;
        let start = *source.starts.get(line)?;
        let end = match source.starts.get(line.saturating_add(1)) {
            Some(next) => next.saturating_sub(1),
            None => u32::try_from(source.text.len()).ok()?,
        };
        let span = Span { file, start, end };
        let text = self.slice(span);
        let kept = text.strip_suffix('\r').unwrap_or(text);
        Some(span.part(0, kept.len()))
    }

    /// Line, counted from 0, that holds an offset.
    pub(crate) fn line_of(&self, file: FileId, offset: u32) -> usize {
        self.file(file).map_or(0, |file| {
            file.starts
                .partition_point(|start| *start <= offset)
                .saturating_sub(1)
        })
    }

    /// Line and column of the start of a stretch, as written.
    pub(crate) fn place(&self, span: Span) -> Place {
        let span = self.written(span).outer;
        let line = self.line_of(span.file, span.start);
        let start = self.line(span.file, line).map_or(0, |line| line.start);
        let before = self.slice(Span {
            file: span.file,
            start,
            end: span.start,
        });
        Place {
            line: line.saturating_add(1),
            column: before.chars().count().saturating_add(1),
        }
    }

    /// `keepalived.conf:14:23`, as written.
    pub(crate) fn show(&self, span: Span) -> String {
        let span = self.written(span).outer;
        let place = self.place(span);
        format!("{}:{}:{}", self.name(span.file), place.line, place.column)
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(file.0).ok()?)
    }

    /// Adds a made line; the offsets of its pieces are relative to it.
    pub(crate) fn add_made(&mut self, text: &str, pieces: &[Piece]) -> Option<Span> {
        let id = match self.made {
            Some(id) => id,
            None => {
                let id = self.add(String::new(), String::new());
                *self.made.insert(id)
            }
        };
        let file = self.files.get_mut(usize::try_from(id.0).ok()?)?;
        let start = u32::try_from(file.text.len()).ok()?;
        file.text.push_str(text);
        file.text.push('\n');
        let next = u32::try_from(file.text.len()).ok()?;
        file.starts.push(next);
        self.pieces.extend(pieces.iter().map(|piece| Piece {
            at: start.saturating_add(piece.at),
            ..*piece
        }));
        let line = Span {
            file: id,
            start,
            end: next,
        };
        Some(line.part(0, text.len()))
    }

    /// The number of a use; the same use has the same number.
    pub(crate) fn chain(&mut self, one: Use) -> Chain {
        if let Some(known) = self.numbers.get(&one) {
            return *known;
        }
        let number = Chain(u32::try_from(self.uses.len()).unwrap_or(u32::MAX));
        self.uses.push(one.clone());
        self.numbers.insert(one, number);
        number
    }

    /// The start of the first text, for what has no place.
    pub(crate) const fn nowhere(&self) -> Span {
        Span {
            file: FileId(0),
            start: 0,
            end: 0,
        }
    }

    /// The innermost use of a chain.
    pub(crate) fn use_of(&self, chain: Chain) -> Option<&Use> {
        self.uses.get(usize::try_from(chain.0).ok()?)
    }

    /// The uses of a chain, the innermost first.
    pub(crate) fn uses_of(&self, chain: Chain) -> impl Iterator<Item = &Use> {
        std::iter::successors(self.use_of(chain), |one| self.use_of(one.parent))
    }

    /// What was written where a stretch stands now.
    pub(crate) fn written(&self, span: Span) -> Written {
        let as_it_is = Written {
            outer: span,
            inner: None,
            line: None,
        };
        if self.made != Some(span.file) {
            return as_it_is;
        }
        let line = self.line(span.file, self.line_of(span.file, span.start));
        let mut written: Option<Written> = None;
        for (piece, part) in self.touched(span) {
            let leaf = leaf(piece, part);
            let root = self.uses_of(piece.chain).last().map(|one| one.place);
            let inner = root.map(|_| leaf);
            let outer = root.unwrap_or(leaf);
            written = Some(match written {
                None => Written { outer, inner, line },
                Some(before) => Written {
                    outer: before.outer.to(outer),
                    inner: before.inner.or(inner),
                    line,
                },
            });
        }
        written.unwrap_or(as_it_is)
    }

    /// Texts of files that stand in a stretch byte for byte.
    pub(crate) fn copies(&self, span: Span) -> Vec<Span> {
        if self.made != Some(span.file) {
            return vec![span];
        }
        self.touched(span)
            .filter(|(piece, _)| piece.kind == PieceKind::Exact)
            .map(|(piece, part)| leaf(piece, part))
            .collect()
    }

    /// Pieces of made lines in a stretch, each with the part of it that is inside.
    fn touched(&self, span: Span) -> impl Iterator<Item = (&Piece, Span)> {
        // The place behind the last word belongs to the piece before.
        let line = self.line(span.file, self.line_of(span.file, span.start));
        let start = match line {
            Some(line) if span.start == span.end && span.start > line.start => {
                span.start.saturating_sub(1)
            }
            _ => span.start,
        };
        let first = self
            .pieces
            .partition_point(|piece| piece.at <= start)
            .saturating_sub(1);
        let ends = self
            .pieces
            .iter()
            .skip(first.saturating_add(1))
            .map(|piece| piece.at)
            .chain(std::iter::once(u32::MAX));
        self.pieces
            .iter()
            .skip(first)
            .zip(ends)
            .take_while(move |(piece, _)| piece.at < span.end.max(start.saturating_add(1)))
            .map(move |(piece, end)| {
                let part = Span {
                    file: span.file,
                    start: span.start.max(piece.at),
                    end: span.end.min(end).max(span.start),
                };
                (piece, part)
            })
    }
}

/// What was written where a part of a piece stands.
fn leaf(piece: &Piece, part: Span) -> Span {
    match piece.kind {
        PieceKind::Exact => {
            let at = |offset: u32| {
                usize::try_from(offset.saturating_sub(piece.at)).unwrap_or(usize::MAX)
            };
            piece.place.part(at(part.start), at(part.end))
        }
        PieceKind::Made | PieceKind::Undefined => piece.place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_crlf_is_no_part_of_a_line() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), "é x\r\nyy".into());
        let lines: Vec<_> = sources
            .lines(file)
            .map(|line| sources.slice(line))
            .collect();
        assert_eq!(lines, ["é x", "yy"]);
        let x = Span {
            file,
            start: 3,
            end: 4,
        };
        assert_eq!(sources.show(x), "a:1:3");
        let y = Span {
            file,
            start: 7,
            end: 8,
        };
        assert_eq!(sources.show(y), "a:2:2");
    }
}
