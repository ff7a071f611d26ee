//! Whatever a scenario can do with HTTP beyond one request after the other: at once, piece by piece,
//! large, with files, with timeouts of each phase. Each task checks what came back, and raises when
//! it is not what was expected.

use std::time::Duration;

use wload_sdk::http::{Multipart, TlsSettings, Upload};
use wload_sdk::prelude::*;

#[derive(Default)]
struct Parallel;

#[user(sequential)]
impl Parallel {
    #[task]
    fn at_once(&mut self) -> TaskResult {
        let client = self.client();
        let requests = (1..=12).map(|size| client.get("/bytes/{n}").value(size * 100)).collect();
        let responses = client.send_all(requests);
        for (number, response) in (1_u64..).zip(&responses) {
            if response.body_size() != number * 100 {
                return raise(format!("response {number} has {} bytes", response.body_size()));
            }
        }
        let texts = vec![client.get(String::from("/ok?{x}")), client.post("/echo").body("one")];
        let bodies: Vec<String> = client.send_all(texts).iter().map(|each| each.text()).collect();
        if bodies != ["ok", "one"] {
            return raise(format!("bodies are {bodies:?}"));
        }
        Ok(())
    }

    #[task]
    fn too_many(&mut self) -> TaskResult {
        let client = self.client();
        let responses = client.send_all((0..300).map(|_| client.get("/ok").silent()).collect());
        match responses[0].error() {
            Some(error) => raise(error),
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct Bodies;

#[user(sequential)]
impl Bodies {
    #[task]
    fn pieces(&mut self) -> TaskResult {
        let mut stream = self.client().get("/bytes/{n}").value(1_000_000).open();
        let (mut bytes, mut pieces) = (0, 0);
        while let Some(piece) = stream.next_chunk() {
            bytes += piece.len();
            pieces += 1;
        }
        if bytes != 1_000_000 || pieces < 2 || stream.failure().is_some() {
            return raise(format!("{bytes} bytes in {pieces} pieces"));
        }
        Ok(())
    }

    #[task]
    fn first_piece_only(&mut self) -> TaskResult {
        let mut stream = self.client().get("/bytes/{n}").name("dropped").value(16_000_000).open();
        stream.next_chunk().or_raise("there is no piece")?;
        Ok(())
    }

    #[task]
    fn upload(&mut self) -> TaskResult {
        let upload = Upload::new().bytes(*b"begin;").repeated(*b"0123456789", 100_000);
        let answer = self.client().post("/echo").name("upload").upload(upload.clone()).send();
        let text = answer.text();
        if !text.starts_with("begin;0123456789012") || text.len() != 100_006 {
            return raise(format!("the echo has {} bytes", text.len()));
        }
        let answer = self.client().post("/echo").name("chunked").upload(upload.chunked()).send();
        if answer.body_size() != 100_006 {
            return raise(format!("the chunked echo has {} bytes", answer.body_size()));
        }
        Ok(())
    }

    #[task]
    fn form_with_file(&mut self) -> TaskResult {
        let form = Multipart::new().text("a", "1").file("f", "x.txt", "text/plain", *b"content");
        let text = self.client().post("/echo").name("form").multipart(&form).send().text();
        if !text.contains("filename=\"x.txt\"") || !text.contains("content") {
            return raise(format!("the echo is {text}"));
        }
        Ok(())
    }
}

/// Headers whose values are made at run time, on every way on which a request can leave.
#[derive(Default)]
struct Headers;

#[user(sequential)]
impl Headers {
    #[task]
    fn own_values(&mut self) -> TaskResult {
        let client = self.client();
        for number in 0..3 {
            let kind = format!("text/{{{number}}}");
            let post = |body: &'static str| {
                client.post("/echo").header("Content-Type", kind.clone()).body(body)
            };
            let url = String::from("/echo?made");
            let made =
                client.post(url).header("Content-Type", kind.clone()).body("made").name("made");
            let mut answers = vec![post("one").send(), made.send()];
            answers.extend(client.send_all(vec![
                post("a"),
                client.post("/echo").body("b"),
                post("c"),
            ]));
            let kinds: Vec<_> =
                answers.iter().map(|answer| answer.header("content-type")).collect();
            let own = Some(kind);
            let plain = kinds[3].clone();
            if kinds != [own.clone(), own.clone(), own.clone(), plain.clone(), own.clone()]
                || plain == own
            {
                return raise(format!("{own:?}: {kinds:?}"));
            }
        }
        Ok(())
    }

    #[task]
    fn no_value_at_all(&mut self) -> TaskResult {
        let request = self.client().get("/ok").name("refused");
        let answer = request.header("X-Id", String::from("a\r\nb: c")).silent().send();
        match answer.error() {
            Some(error) => raise(error),
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct Impatient;

#[user]
impl Impatient {
    #[task]
    fn first_byte(&mut self) -> TaskResult {
        let wait = Duration::from_millis(30);
        let answer = self.client().get("/delay/{ms}").value(5_000).first_byte_timeout(wait).send();
        match answer.error() {
            Some(_) => Ok(()),
            None => raise("the first byte came in time"),
        }
    }
}

#[derive(Default)]
struct Version;

#[user]
impl Version {
    #[task]
    fn ask(&mut self) -> TaskResult {
        let answer = self.client().get("/ok").send();
        info!("protocol {} status {}", answer.protocol(), answer.status());
        Ok(())
    }
}

#[derive(Default)]
struct Streamer;

#[user]
impl Streamer {
    #[task]
    fn read_to_the_end(&mut self) {
        let mut stream = self.client().get("/endless").open();
        while stream.next_chunk().is_some() {}
    }
}

#[derive(Default)]
struct Uploader;

#[user]
impl Uploader {
    #[task]
    fn nothing_again_and_again(&mut self) {
        self.client().post("/echo").upload(Upload::new().repeated(*b"", 7)).send();
    }
}

/// Trusts everybody for one request; what goes wrong it counts by itself.
#[derive(Default)]
struct Trusting;

#[user]
impl Trusting {
    #[task]
    fn ask(&mut self) -> TaskResult {
        let client = self.client();
        for (name, verify) in [("first", true), ("careless", false), ("again", true)] {
            client.set_tls(TlsSettings { verify, ..TlsSettings::default() }).or_raise("no TLS")?;
            if let Some(error) = client.get("/ok").name(name).send().error() {
                events::exception(name, error);
            }
        }
        let nonsense = TlsSettings { authorities: "x".to_owned(), ..TlsSettings::default() };
        client.set_tls(nonsense).or_raise("nonsense")
    }
}

scenario!(users: [Parallel, Bodies, Headers, Impatient, Version, Streamer, Uploader, Trusting]);
