//! nginx, as somebody else wrote it: HTTP/1.1, HTTP/2 and TLS on free ports, in a folder of its own.
//!
//! Upstream: Debian's package or any other nginx. Downstream: `others.rs`. Invariants: it is one process and
//! ends with its value; everything that it reads and writes is in its folder; it logs each request.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wload_tests::guest::repository;
use wload_tests::hostile::{Identity, authority_pem, identity};
use wload_tests::process::empty_folder;

/// Folders where servers are that are not on everybody's path.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];
/// Longest time until it listens.
const START_TIME_MAX: Duration = Duration::from_secs(10);
/// How often it is looked at.
const POLL: Duration = Duration::from_millis(5);
/// Somebody else may take a free port before nginx does.
const ATTEMPTS: usize = 5;

/// A running nginx.
#[derive(Debug)]
pub(crate) struct Nginx {
    process: Child,
    folder: PathBuf,
    plain: SocketAddr,
    secure: SocketAddr,
}

impl Nginx {
    /// Where nginx is, if it is installed.
    pub(crate) fn find() -> Option<PathBuf> {
        find("nginx")
    }

    /// Starts it on two free ports.
    pub(crate) fn start(program: &Path) -> Self {
        let folder = empty_folder("servers/nginx");
        write_files(&folder);
        for _ in 0..ATTEMPTS {
            let (plain, secure) = (free_port(), free_port());
            std::fs::write(folder.join("nginx.conf"), config(&folder, plain, secure)).unwrap();
            let process = Command::new(program)
                .arg("-p")
                .arg(&folder)
                .args(["-c", "nginx.conf", "-e", "error.log"])
                .env_clear()
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut nginx = Self { process, folder: folder.clone(), plain, secure };
            if nginx.is_up() {
                return nginx;
            }
        }
        let log = std::fs::read_to_string(folder.join("error.log")).unwrap_or_default();
        panic!("nginx did not start:\n{log}");
    }

    fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + START_TIME_MAX;
        while Instant::now() < deadline && self.process.try_wait().unwrap().is_none() {
            if TcpStream::connect(self.secure).is_ok() && TcpStream::connect(self.plain).is_ok() {
                return true;
            }
            std::thread::sleep(POLL);
        }
        false
    }

    /// Its base URL with TLS or without.
    pub(crate) fn url(&self, is_https: bool) -> String {
        if is_https { format!("https://{}", self.secure) } else { format!("http://{}", self.plain) }
    }

    /// The certificate that vouches for it.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// The folder for what clients write.
    pub(crate) fn scratch(&self) -> &Path {
        &self.folder
    }

    /// The requests that it has logged, `HTTP/1.1 GET /path 200 12` each, and forgets them.
    pub(crate) fn take_log(&self, expected: usize) -> Vec<String> {
        let path = self.folder.join("access.log");
        let deadline = Instant::now() + START_TIME_MAX;
        loop {
            let log = std::fs::read_to_string(&path).unwrap();
            let lines: Vec<String> = log.lines().map(str::to_owned).collect();
            // A request is logged when its answer has been sent, which a client may see before.
            if lines.len() >= expected || Instant::now() >= deadline {
                std::fs::write(&path, "").unwrap();
                return lines;
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // It may have ended already, which the test has noticed then.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A program on the path, where servers are, or where `cargo xtask setup` has put it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let unpacked = repository().join("target/tools/nginx/usr/sbin");
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from)).chain([unpacked]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn write_files(folder: &Path) {
    let root = folder.join("www");
    std::fs::create_dir_all(root.join("folder")).unwrap();
    let write = |path: PathBuf, text: &str| std::fs::File::create(path)?.write_all(text.as_bytes());
    let lines: String = (0..5_000).map(|number| format!("line {number} of many\n")).collect();
    let Identity { certificate_pem, key_pem } = identity();
    let files = [
        (root.join("small.txt"), "hello, world\n"),
        (root.join("empty.txt"), ""),
        (root.join("large.txt"), &lines),
        (root.join("folder/index.html"), "<html>a folder</html>\n"),
        (folder.join("certificate.pem"), &certificate_pem),
        (folder.join("key.pem"), &key_pem),
        (folder.join("authority.pem"), &authority_pem()),
    ];
    for (path, text) in files {
        write(path, text).unwrap();
    }
}

fn config(folder: &Path, plain: SocketAddr, secure: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        r#"daemon off;
# One process, so that it ends with its test and keeps its user.
master_process off;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log" notice;
events {{}}
http {{
  log_format exchange "$server_protocol $request_method $request_uri $status $body_bytes_sent";
  access_log "{folder}/access.log" exchange;
  client_body_temp_path "{folder}/client_body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  default_type text/plain;
  gzip on;
  gzip_types *;
  gzip_min_length 100;
  server {{
    listen {plain};
    listen {secure} ssl http2;
    ssl_certificate "{folder}/certificate.pem";
    ssl_certificate_key "{folder}/key.pem";
    root "{folder}/www";
    location = /moved {{ return 301 /small.txt; }}
    location = /found {{ return 302 /large.txt; }}
    location = /see-other {{ return 303 /small.txt; }}
    location = /temporary {{ return 307 /small.txt; }}
    location = /permanent {{ return 308 /empty.txt; }}
    location = /chain/3 {{ return 302 /chain/2; }}
    location = /chain/2 {{ return 301 /chain/1; }}
    location = /chain/1 {{ return 307 /folder; }}
    location = /no-content {{ return 204; }}
    location = /unavailable {{ return 503; }}
  }}
}}
"#
    )
}
