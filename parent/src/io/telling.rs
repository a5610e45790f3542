//! Who else than scripts is told of a change: FIFOs.

use super::daemon::{Daemon, Plan};
use super::script::Context;
use holdfast::fifo::Event;
use holdfast::notify::News;
use holdfast_conf::model::InstanceName;

impl Daemon {
    /// The FIFOs of the present configuration, at the start and at a reload.
    pub(crate) fn follow_fifos(&mut self) {
        let mut context = Context::new(&mut self.log, &self.plan.config);
        let Plan { config, facts, .. } = &self.plan;
        self.fifos.follow(config, facts, &mut context);
    }

    /// A virtual router changed its state.
    pub(crate) fn write_state(&mut self, name: &InstanceName, news: News, priority: u8) {
        let event = Event::Router {
            name,
            news,
            priority,
        };
        self.fifos.tell(&event, &mut self.log);
    }

    /// Only the priority of a virtual router changed.
    pub(crate) fn priority_changed(&mut self, name: InstanceName, priority: u8) {
        let wanted = self.plan.instance(&name).is_some_and(|instance| {
            let own = instance.notify_priority_changes;
            own.unwrap_or(self.plan.config.global.fifos.priority_changes)
        });
        if wanted && let Some(last) = self.told.last(&name) {
            let event = Event::Priority {
                name: &name,
                master: last == News::Master,
                priority,
            };
            self.fifos.tell(&event, &mut self.log);
        }
        self.priorities.insert(name, priority);
    }

    /// `fifo_write_vrrp_states_on_reload`.
    pub(crate) fn write_states_again(&mut self) {
        let config = &self.plan.config;
        if !config.global.fifos.states_on_reload {
            return;
        }
        for instance in &config.instances {
            let name = &instance.router.name;
            let priority = self.priorities.get(name).copied().unwrap_or(0);
            if let Some(news) = self.told.last(name) {
                let event = Event::Router {
                    name,
                    news,
                    priority,
                };
                self.fifos.tell(&event, &mut self.log);
            }
        }
    }
}
