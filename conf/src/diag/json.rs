//! Diagnostics for machines. The fields never change their meaning; new ones may come.

use super::{Diagnostic, Report, escape};
use crate::source::Span;
use serde_json::{Map, Value, json};

impl Report {
    /// All diagnostics with their places, and how many of what there are.
    ///
    /// Lines and columns count from 1, columns count characters, `end_column` is behind the last
    /// one. A diagnostic without a place has null there. `more` is the number of further lines to
    /// which the same applies, `again` how often the same lines of a definition or generator made
    /// the same once more, `expanded` what a line with such became, `not_shown` the number of
    /// diagnostics that are counted but not listed.
    pub fn json(&self) -> Value {
        let diagnostics: Vec<Value> = self.said.kept.iter().map(|one| self.one(one)).collect();
        let listed = diagnostics.len().saturating_add(self.said.merged);
        let all = [self.errors(), self.warnings(), self.notes()]
            .into_iter()
            .fold(0, usize::saturating_add);
        json!({
            "not_shown": all.saturating_sub(listed),
            "diagnostics": diagnostics,
            "errors": self.errors(),
            "warnings": self.warnings(),
            "notes": self.notes(),
        })
    }

    fn one(&self, diagnostic: &Diagnostic) -> Value {
        let related: Vec<Value> = diagnostic
            .others
            .iter()
            .map(|(span, text)| self.related(*span, text))
            .collect();
        let written = diagnostic.span.map(|span| self.sources.written(span));
        let inner = written.and_then(|written| written.inner);
        let inner = inner.map(|inner| self.related(inner, super::render::INNER));
        let related: Vec<Value> = inner.into_iter().chain(related).collect();
        let mut value = json!({
            "code": diagnostic.code.to_string(),
            "severity": diagnostic.severity.name(),
            "message": diagnostic.text,
            "label": diagnostic.label,
            "file": null,
            "line": null,
            "column": null,
            "end_column": null,
            "notes": diagnostic.notes,
            "helps": diagnostic.helps,
            "related": related,
            "more": diagnostic.more,
            "again": diagnostic.again,
            "expanded": super::render::expanded(diagnostic, self),
        });
        if let (Some(span), Some(fields)) = (diagnostic.span, value.as_object_mut()) {
            fields.extend(self.place(span));
        }
        value
    }

    fn related(&self, span: Span, text: &str) -> Value {
        let mut fields = self.place(span);
        fields.insert("text".to_owned(), json!(text));
        Value::Object(fields)
    }

    fn place(&self, span: Span) -> Map<String, Value> {
        let span = self.sources.written(span).outer;
        let start = self.sources.place(span);
        let end = self.sources.place(span.after());
        // What is underlined ends on its line.
        let end_column = match end.line == start.line {
            true => end.column,
            false => start.column.saturating_add(1),
        };
        Map::from_iter([
            (
                "file".to_owned(),
                json!(escape(self.sources.name(span.file))),
            ),
            ("line".to_owned(), json!(start.line)),
            ("column".to_owned(), json!(start.column)),
            ("end_column".to_owned(), json!(end_column)),
        ])
    }
}
