//! What is allowed but does not do what it looks like. Each of these is true whatever the other
//! nodes have: a good configuration gets none of them.

mod command;
mod instance;
mod script;

use super::settings::{Settings, Value};
use super::{Blocks, Context, Named};
use crate::model::Config;
use std::collections::HashMap;

/// Commands of checks, wherever they stand in a block of the outer level.
pub(super) fn commands(cx: &mut Context<'_>, settings: &Settings) {
    for setting in settings.list() {
        match &setting.value {
            Value::Block(_, inner) => commands(cx, inner),
            Value::Script(words) => command::check(cx, words, setting.span),
            _ => {}
        }
    }
}

/// Values of the finished configuration.
pub(super) fn values(cx: &mut Context<'_>, config: &Config, blocks: &Blocks) {
    // What is wrong may be what the other lines rely on.
    if cx.said.errors() > 0 {
        return;
    }
    let scripts = by_name(&blocks.scripts);
    for script in &config.scripts {
        if let Some(block) = scripts.get(script.name.as_str()) {
            script::check(cx, script, block);
        }
    }
    let instances = by_name(&blocks.instances);
    for instance in &config.instances {
        if let Some(block) = instances.get(instance.router.name.as_str()) {
            let scope = instance::Scope {
                instance,
                block,
                scripts: &scripts,
                global: &blocks.global,
            };
            instance::check(cx, &scope);
        }
    }
}

fn by_name(blocks: &[Named]) -> HashMap<&str, &Named> {
    blocks
        .iter()
        .map(|block| (block.name.as_str(), block))
        .collect()
}
