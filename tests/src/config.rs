//! Configurations as text, the same for both daemons.

use std::fmt::Write as _;
use std::time::Duration;

/// A configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    global: Vec<String>,
    blocks: Vec<String>,
}

impl Config {
    /// With nothing in it but what keeps both daemons from waiting or warning.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more line in `global_defs`.
    #[must_use]
    pub fn global(mut self, line: &str) -> Self {
        self.global.push(line.to_owned());
        self
    }

    /// With one more block of any kind.
    #[must_use]
    pub fn block(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(text.into());
        self
    }

    /// With a check script.
    #[must_use]
    pub fn script(self, name: &str, command: &str, lines: &[&str]) -> Self {
        let lines: String = lines.iter().fold(String::new(), |mut text, line| {
            let _written = write!(text, "\n    {line}");
            text
        });
        self.block(format!(
            "vrrp_script {name} {{\n    script \"{command}\"{lines}\n}}"
        ))
    }

    /// With an instance.
    #[must_use]
    pub fn vi(self, instance: &Vi) -> Self {
        self.block(instance.text())
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut text = "global_defs {\n    router_id lab\n".to_owned();
        for line in &self.global {
            let _written = writeln!(text, "    {line}");
        }
        text.push_str("}\n");
        for block in &self.blocks {
            let _written = writeln!(text, "\n{block}");
        }
        text
    }
}

/// A `vrrp_instance`.
#[derive(Clone, Debug)]
pub struct Vi {
    name: String,
    state: String,
    interface: String,
    vrid: u8,
    version: u8,
    priority: u32,
    interval: Duration,
    addresses: Vec<String>,
    lines: Vec<String>,
}

impl Vi {
    /// Version 3 with an interval of a fifth of a second, priority 100, no address yet.
    pub fn new(vrid: u8) -> Self {
        Self {
            name: format!("VI_{vrid}"),
            state: "BACKUP".to_owned(),
            interface: "eth0".to_owned(),
            vrid,
            version: 3,
            priority: 100,
            interval: Duration::from_millis(200),
            addresses: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Under another name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// With this `state`.
    #[must_use]
    pub fn state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.state);
        self
    }

    /// On another interface.
    #[must_use]
    pub fn interface(mut self, interface: &str) -> Self {
        interface.clone_into(&mut self.interface);
        self
    }

    /// In another version of the protocol; version 2 has whole seconds.
    #[must_use]
    pub fn version(mut self, version: u8) -> Self {
        self.version = version;
        if version == 2 {
            self.interval = self.interval.max(Duration::from_secs(1));
        }
        self
    }

    /// With this priority; one that is out of range can be written too.
    #[must_use]
    pub fn priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// With this interval between adverts.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// With one more virtual address.
    #[must_use]
    pub fn vip(mut self, address: &str) -> Self {
        self.addresses.push(address.to_owned());
        self
    }

    /// With one more line.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// With authentication of version 2.
    #[must_use]
    pub fn authentication(self, kind: &str, password: &str) -> Self {
        self.line(&format!(
            "authentication {{\n        auth_type {kind}\n        auth_pass {password}\n    }}"
        ))
    }

    /// With tracked scripts.
    #[must_use]
    pub fn track(self, script: &str) -> Self {
        self.line(&format!("track_script {{\n        {script}\n    }}"))
    }

    /// Its block.
    pub fn text(&self) -> String {
        let interval = format!(
            "{}.{:02}",
            self.interval.as_secs(),
            self.interval.subsec_millis() / 10
        );
        let mut text = format!(
            "vrrp_instance {} {{\n    state {}\n    interface {}\n    virtual_router_id {}\n    \
             version {}\n    priority {}\n    advert_int {}\n",
            self.name,
            self.state,
            self.interface,
            self.vrid,
            self.version,
            self.priority,
            interval.trim_end_matches(".00"),
        );
        for line in &self.lines {
            let _written = writeln!(text, "    {line}");
        }
        text.push_str("    virtual_ipaddress {\n");
        for address in &self.addresses {
            let _written = writeln!(text, "        {address}");
        }
        text.push_str("    }\n}");
        text
    }

    /// A configuration with this instance alone.
    pub fn alone(&self) -> String {
        Config::new().vi(self).text()
    }
}
