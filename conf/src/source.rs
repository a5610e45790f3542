//! The texts that were read, and places in them.

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
            end: at(end),
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

    /// Line and column of the start of a stretch.
    pub(crate) fn place(&self, span: Span) -> Place {
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

    /// `keepalived.conf:14:23`.
    pub(crate) fn show(&self, span: Span) -> String {
        let place = self.place(span);
        format!("{}:{}:{}", self.name(span.file), place.line, place.column)
    }

    fn file(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(file.0).ok()?)
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
