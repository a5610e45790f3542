//! Who else than scripts is told of a change: FIFOs, and people by mail.

use super::daemon::{Daemon, Plan};
use super::mail::{Mailing, host_name};
use super::script::Context;
use holdfast::alert::of_router;
use holdfast::fifo::Event;
use holdfast::notify::News;
use holdfast_conf::model::{Config, InstanceName};

/// The name of this node in the subject of mail.
pub(super) fn router_id(config: &Config) -> String {
    config.global.router_id.clone().unwrap_or_else(host_name)
}

impl Daemon {
    /// A virtual router changed its state: mail, where somebody wants it.
    pub(crate) fn mail_state(&mut self, name: &InstanceName, news: News) {
        let mut plans = std::iter::once(&self.plan).chain(&self.previous_plan);
        let found = plans.find_map(|plan| Some((plan.instance(name)?, &plan.config)));
        let Some((instance, config)) = found else {
            return;
        };
        let Some(mail) = config.global.mail.as_ref().filter(|_| instance.smtp_alert) else {
            return;
        };
        if news == News::Fault && mail.no_faults {
            return;
        }
        if let Some(letter) = of_router(&router_id(config), name, news) {
            self.with_mail(|mailing, post| mailing.add(letter, post));
        }
    }

    /// The daemon stops: the last mail goes now.
    pub(crate) fn mail_stop(&mut self) {
        let instances = self.plan.config.instances.iter();
        let told: Vec<InstanceName> = instances
            .map(|instance| instance.router.name.clone())
            .filter(|name| self.told.last(name).is_some())
            .collect();
        for name in told {
            self.mail_state(&name, News::Stop);
        }
        self.with_mail(Mailing::hurry);
    }

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
