//! What users report and how tasks end: verdicts, events, metrics, data, options, wishes.

use std::time::Duration;

use wload_sdk::prelude::*;

use crate::{COLOUR, WORD, WORDS, leave};

/// Judges responses otherwise than the host does.
#[derive(Default)]
pub(crate) struct Judge;

#[user(sequential)]
impl Judge {
    #[task]
    fn fails_though_fine(&mut self) {
        self.client().get("/ok").catch_response().failure("too fine");
    }

    #[task]
    fn is_fine_though_missing(&mut self) {
        self.client().get("/status/404").catch_response().success();
    }

    #[task]
    fn has_no_verdict(&mut self) {
        drop(self.client().get("/status/503").catch_response());
    }

    #[task]
    fn has_another_name(&mut self) {
        let response = self.client().get("/bytes/7").catch_response();
        response.rename("seven");
        response.success();
    }

    #[task]
    fn has_a_name(&mut self) {
        self.client().get("/bytes/{count}").value(5).name("five").send();
    }

    #[task]
    fn keeps_its_template(&mut self) -> TaskResult {
        self.client().get("/bytes/{count}").value(3).send();
        stop_user()
    }
}

static ORDERS: events::Counter = events::Counter::new("orders");
static STOCK: events::Gauge = events::Gauge::new("stock");
static PRICE: events::Trend = events::Trend::new("price");

/// Measures what is no HTTP.
#[derive(Default)]
pub(crate) struct Measurer {
    rounds: u32,
}

#[user]
impl Measurer {
    #[task]
    fn measure(&mut self) {
        self.rounds += 1;
        events::request("GRPC", "buy")
            .response_time(Duration::from_millis(10) * self.rounds)
            .response_length(100)
            .record();
        if self.rounds == 2 {
            events::request("GRPC", "buy").error("out of stock").record();
        }
        ORDERS.add(2);
        STOCK.add(10 - self.rounds);
        PRICE.add(f64::from(self.rounds) / 2.0);
    }
}

/// Takes words from a table until there is none.
#[derive(Default)]
pub(crate) struct Reader;

#[user]
impl Reader {
    #[task]
    fn read(&mut self) -> TaskResult {
        let order = match WORD.get().as_deref() {
            Some("unique") => Order::Unique,
            _ => Order::Sequential,
        };
        let Ok(row) = WORDS.next(order) else {
            leave("exhausted");
            return stop_user();
        };
        leave(row.get("word")?);
        Ok(())
    }
}

/// Leaves the values of its options.
#[derive(Default)]
pub(crate) struct Optional;

#[user]
impl Optional {
    #[task]
    fn tell(&mut self) -> TaskResult {
        leave(WORD.get().unwrap_or_default());
        leave(COLOUR.get().as_deref().unwrap_or("no-colour"));
        stop_user()
    }
}

/// Would wait for long between two tasks, but reschedules.
#[derive(Default)]
pub(crate) struct Rescheduler {
    tasks: u32,
}

#[user(wait_time = constant(3600))]
impl Rescheduler {
    #[task]
    fn hurry(&mut self) -> TaskResult {
        leave("hurry");
        self.tasks += 1;
        if self.tasks == 3 { stop_user() } else { reschedule() }
    }
}

/// An exception, and then the end of the run with an exit code of its own.
#[derive(Default)]
pub(crate) struct Ender;

#[user(sequential)]
impl Ender {
    #[task]
    fn read_price(&mut self) -> TaskResult {
        leave("before");
        let price: u32 = "seven".parse()?;
        leave(price);
        Ok(())
    }

    #[task]
    fn end(&mut self) -> TaskResult {
        leave("after");
        stop_run(Some(42))
    }
}
