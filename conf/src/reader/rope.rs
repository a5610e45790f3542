//! A line that is being made, with what each stretch of it was made of.

use crate::source::{Chain, Piece, PieceKind, Span};
use std::ops::Range;

/// Text with its pieces. The first piece starts at 0 unless the text is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rope {
    text: String,
    pieces: Vec<Piece>,
}

impl Rope {
    /// Text as it stands at a place.
    pub(super) fn written(text: &str, place: Span) -> Self {
        Self::of(text, place, PieceKind::Exact, Chain::WRITTEN)
    }

    /// Text of one piece.
    pub(super) fn of(text: &str, place: Span, kind: PieceKind, chain: Chain) -> Self {
        let piece = Piece {
            at: 0,
            place,
            kind,
            chain,
        };
        Self {
            text: text.to_owned(),
            pieces: if text.is_empty() {
                Vec::new()
            } else {
                vec![piece]
            },
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text from an offset on.
    pub(super) fn from(&self, start: usize) -> &str {
        self.text.get(start..).unwrap_or("")
    }

    /// The place of a line that is nothing but what was written.
    pub(super) fn as_written(&self) -> Option<Span> {
        match self.pieces.as_slice() {
            [only] if only.kind == PieceKind::Exact && only.chain == Chain::WRITTEN => {
                Some(only.place)
            }
            _ => None,
        }
    }

    /// The uses that brought the character at an offset.
    pub(super) fn chain_at(&self, offset: usize) -> Chain {
        self.piece_at(offset)
            .map_or(Chain::WRITTEN, |piece| piece.chain)
    }

    /// The piece of the character at an offset.
    pub(super) fn piece_at(&self, offset: usize) -> Option<&Piece> {
        self.index_at(offset)
            .and_then(|index| self.pieces.get(index))
    }

    /// What was written for a stretch, in a line or in a definition.
    pub(super) fn place(&self, range: Range<usize>) -> Option<Span> {
        let part = self.part(range);
        let first = part.pieces.first()?;
        let last = part.pieces.last()?;
        Some(first.place.to(last.place))
    }

    /// A part of it.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let Some(text) = self.text.get(range.clone()).filter(|text| !text.is_empty()) else {
            return Self::default();
        };
        let first = self.index_at(range.start).unwrap_or(0);
        let pieces = self
            .pieces
            .iter()
            .enumerate()
            .skip(first)
            .take_while(|(_, piece)| offset(piece) < range.end)
            .map(|(index, piece)| self.cut(index, piece, &range))
            .collect();
        Self {
            text: text.to_owned(),
            pieces,
        }
    }

    /// All of it from another use on.
    pub(super) fn brought_by(&self, chain: Chain) -> Self {
        let mut rope = self.clone();
        for piece in &mut rope.pieces {
            piece.chain = chain;
        }
        rope
    }

    /// Puts another text in the place of a stretch.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &Self) {
        let behind = self.part(range.end..self.text.len());
        self.truncate(range.start);
        self.push(with);
        self.push(&behind);
    }

    pub(super) fn push(&mut self, other: &Self) {
        let at = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.iter().map(|piece| Piece {
            at: piece.at.saturating_add(at),
            ..*piece
        }));
    }

    pub(super) fn truncate(&mut self, end: usize) {
        let Some(kept) = self.text.get(..end).map(str::len) else {
            return;
        };
        self.text.truncate(kept);
        while self.pieces.pop_if(|piece| offset(piece) >= kept).is_some() {}
        if let Some(last) = self.pieces.last_mut()
            && last.kind == PieceKind::Exact
        {
            last.place = last.place.part(0, kept.saturating_sub(offset(last)));
        }
    }

    /// The piece that holds an offset.
    fn index_at(&self, at: usize) -> Option<usize> {
        self.pieces
            .partition_point(|piece| offset(piece) <= at)
            .checked_sub(1)
    }

    /// The part of a piece that is in a range, relative to the start of the range.
    fn cut(&self, index: usize, piece: &Piece, range: &Range<usize>) -> Piece {
        let start = offset(piece);
        let end = self
            .pieces
            .get(index.saturating_add(1))
            .map_or(self.text.len(), offset);
        let from = range.start.max(start);
        let place = match piece.kind {
            PieceKind::Exact => piece.place.part(
                from.saturating_sub(start),
                range.end.min(end).saturating_sub(start),
            ),
            PieceKind::Made | PieceKind::Undefined => piece.place,
        };
        Piece {
            at: u32::try_from(from.saturating_sub(range.start)).unwrap_or(u32::MAX),
            place,
            ..*piece
        }
    }
}

fn offset(piece: &Piece) -> usize {
    usize::try_from(piece.at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn parts_and_replacements_keep_their_places() {
        let mut sources = Sources::default();
        let file = sources.add("t".into(), "ab ${X} cd\nxyz".into());
        let line = |number| sources.line(file, number).unwrap();
        let mut rope = Rope::written("ab ${X} cd", line(0));
        let value = Rope::written("xyz", line(1));
        rope.replace(3..7, &value);
        assert_eq!(rope.text(), "ab xyz cd");
        let shown = |range| sources.slice(rope.place(range).unwrap());
        assert_eq!(shown(0..2), "ab");
        assert_eq!(shown(4..6), "yz");
        assert_eq!(shown(7..9), "cd");
        assert_eq!(rope.part(4..8).part(1..4).text(), "z c");
    }
}
