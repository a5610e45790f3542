//! A real web server on a node, with nothing but its own folder.

use crate::lab::Lab;
use crate::{binaries, process};
use nix::sys::signal::Signal;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STARTED: Duration = Duration::from_secs(10);

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    name: String,
    child: Child,
}

impl Nginx {
    /// Starts it on port 80 of a node. All laboratories see the same processes, so its process
    /// bears the name of the node and a mark of its laboratory: `nginx-web1-2f`.
    pub fn start(lab: &Lab, node: usize, label: &str) -> Self {
        let name = Self::process_name(lab, label);
        let home = lab.directory().join(&name);
        fs::create_dir_all(&home).expect("the folder can be made");
        let program = home.join(&name);
        if !program.exists() {
            symlink(binaries::system("nginx"), &program).expect("a link can be made");
        }
        fs::write(home.join("nginx.conf"), configuration(&home, label)).expect("a writable file");
        let _old = fs::remove_file(home.join("pid"));
        let mut command = Command::new(&program);
        command
            .args(["-g", "daemon off;", "-p"])
            .arg(&home)
            .arg("-c")
            .arg(home.join("nginx.conf"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = lab
            .node(node)
            .netns()
            .spawn(command)
            .expect("nginx can be started");
        let ready = home.join("pid");
        process::poll(STARTED, "nginx to start", || process::read_pid_file(&ready));
        lab.timeline().mark(node, format!("{name} runs"));
        Self { name, child }
    }

    /// The name that its process will have: at most 15 bytes, which is all that the kernel keeps.
    pub fn process_name(lab: &Lab, label: &str) -> String {
        format!("nginx-{label}-{}", lab.mark())
    }

    /// The name of its process, which `killall -0` asks for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Stops it as an operator does.
    pub fn stop(mut self, lab: &Lab, node: usize) -> Duration {
        let at = lab
            .timeline()
            .mark(node, format!("{} is stopped", self.name));
        process::signal(self.child.id(), Signal::SIGTERM);
        let _status = self.child.wait();
        at
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            for pid in process::tree(self.child.id()) {
                process::kill(pid);
            }
            let _status = self.child.wait();
        }
    }
}

/// Its workers may be root: the namespace has no way out.
fn configuration(home: &Path, label: &str) -> String {
    let home = home.display();
    format!(
        "user root;\nworker_processes 1;\npid {home}/pid;\nerror_log {home}/error.log;\n\
         events {{}}\nhttp {{\n    access_log off;\n    client_body_temp_path {home}/body;\n    \
         proxy_temp_path {home}/proxy;\n    fastcgi_temp_path {home}/fastcgi;\n    \
         uwsgi_temp_path {home}/uwsgi;\n    scgi_temp_path {home}/scgi;\n    server {{\n        \
         listen 80;\n        location / {{ return 200 \"{label}\\n\"; }}\n    }}\n}}\n"
    )
}
