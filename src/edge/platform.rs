//! The Worker as a platform for the driver: each call of [`Platform`] becomes a call of Workers,
//! and its later result an event. Nothing is decided here.
//!
//! Why no borrow can fail, which would panic and reset every object in the isolate: the driver is
//! borrowed mutably in [`Object::happen`] and [`Object::with_driver`] only, and only if nobody
//! holds it. An event raised within a platform call (such as a socket that reports its end while it
//! is being closed) finds the driver borrowed and stays in the queue; the call that holds the
//! driver handles it after its own event. The queue and the map of REST waiters are borrowed for
//! one expression at a time.

use super::access::pass_of;
use super::bodies::text_of;
use super::fanout::{BLOCKED, DRAINED, Fanout, auto_respond, number};
use super::source::Source;
use super::storage;
use super::upstream::{Listener, Upstream};
use crate::dialect::message::Token;
use crate::driver::copies::{Copies, Found};
use crate::driver::{Driver, Event, HeldAlarm, Platform, REST_TIMED_OUT, REST_TIMEOUT, Wakeup};
use crate::hub::{
    Answer, ClientId, Group, Input, Kept, LinkId, Question, RequestId, RestAnswer, Row, Span, WaiterId, Write,
};
use crate::market::Millis;
use crate::provider::Call;
use futures::channel::oneshot;
use futures::future::{AbortHandle, Either, abortable, select};
use js_sys::Promise;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use worker::wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};
use worker::{AbortController, Date, Delay, Response, State, console_log};

/// Most bytes read of a REST answer. That for sixty quotes has about fifty thousand, that for five
/// thousand bars about seven hundred thousand.
const LONGEST_ANSWER: u32 = 2 * 1024 * 1024;

/// Longer answers are not kept for others. The bars of a chart have some thirty thousand bytes.
const LARGEST_COPY: usize = 128 * 1024;
/// What a relay passes on of its hub's headers.
const PASSED_ON: [&str; 7] = [
    "Age",
    "Vary",
    "Content-Type",
    "Cache-Control",
    "ETag",
    "Content-Disposition",
    "Retry-After",
];

/// One instance of the object: the driver and the parts of its platform.
pub(super) struct Object {
    driver: RefCell<Driver>,
    events: RefCell<VecDeque<Event>>,
    pub(super) fanout: Fanout,
    pub(super) source: Source,
    pub(super) upstream: Upstream,
    pub(super) state: State,
    /// Where the answer of each REST request goes.
    waiters: RefCell<HashMap<u32, oneshot::Sender<Answer>>>,
    last_waiter: Cell<u32>,
    /// Ends the timer of the next deadline.
    timer: Cell<Option<AbortHandle>>,
    /// Of a relay: what its hub answered to callers, and is about to answer.
    copies: RefCell<Copies<Asked>>,
    /// Keeps alive what `fanout` calls.
    _tell: Closure<dyn Fn(u32, u32)>,
}

/// What a relay's hub answered, with the names and values of the headers to pass on; or why it did not.
pub(super) type PassedOn = Result<(RestAnswer, Vec<(&'static str, String)>), String>;

/// A request to a relay's hub, for all who share its answer.
#[derive(Clone)]
pub(super) struct Asked {
    answer: Rc<OnceCell<PassedOn>>,
    /// Fulfilled when the answer is there; never rejected.
    promise: Promise,
    /// When the hub was asked.
    pub(super) at: Millis,
}

impl Asked {
    /// The answer, once it is there.
    pub(super) async fn answer(&self) -> Option<&PassedOn> {
        let _ = JsFuture::from(self.promise.clone()).await;
        self.answer.get()
    }

    fn is_good(&self) -> Option<bool> {
        let answer = self.answer.get()?;
        Some(
            answer
                .as_ref()
                .is_ok_and(|(answer, _)| answer.status == 200 && answer.body.len() <= LARGEST_COPY),
        )
    }
}

/// The platform's clock. In production it stands still between I/O events: one reading serves each.
pub(super) fn now() -> Millis {
    Date::now().as_millis()
}

/// The answer, once there is one. Cancelled only if the object itself goes away.
async fn answer(answered: oneshot::Receiver<Answer>) -> worker::Result<Answer> {
    answered.await.map_err(|_| "the hub was replaced meanwhile".into())
}

impl Object {
    pub(super) fn new(state: State, source: Source, driver: Driver) -> Rc<Self> {
        Rc::new_cyclic(|object: &Weak<Self>| {
            let object = object.clone();
            let tell = Closure::new(move |client, what| {
                if let Some(object) = object.upgrade() {
                    object.heard_of(ClientId(client), what);
                }
            });
            Self {
                driver: RefCell::new(driver),
                events: RefCell::default(),
                fanout: Fanout::new(&tell),
                upstream: Upstream::new(&state),
                source,
                state,
                waiters: RefCell::default(),
                last_waiter: Cell::new(0),
                timer: Cell::default(),
                copies: RefCell::default(),
                _tell: tell,
            }
        })
    }

    /// What the fan-out tells of a client over HTTP.
    fn heard_of(self: &Rc<Self>, client: ClientId, what: u32) {
        match what {
            BLOCKED => self.happen(Input::Blocked(client)),
            DRAINED => self.happen(Input::Drained(client)),
            code => {
                self.happen(Event::Left(client, code as usize));
                self.fanout.remove(client.0);
            }
        }
    }

    /// Hands an event to the driver.
    pub(super) fn happen(self: &Rc<Self>, event: impl Into<Event>) {
        self.handle(event.into());
    }

    // Not generic and never inlined: with it, the whole driver would be.
    #[inline(never)]
    fn handle(self: &Rc<Self>, event: Event) {
        self.events.borrow_mut().push_back(event);
        let Ok(mut driver) = self.driver.try_borrow_mut() else {
            // The call that holds the driver will take it from the queue.
            return;
        };
        let now = now();
        while let Some(event) = self.next_event() {
            driver.handle(event, now, &mut Hands(self));
        }
    }

    /// Reads the driver, or admits a client.
    ///
    /// # Errors
    /// The driver is at work further up the stack, which cannot happen to any caller.
    pub(super) fn with_driver<T>(&self, act: impl FnOnce(&mut Driver) -> T) -> worker::Result<T> {
        let mut driver = self.driver.try_borrow_mut().map_err(|_| "the hub is at work")?;
        Ok(act(&mut driver))
    }

    /// The cron trigger checks on the hub.
    pub(super) async fn poked(self: &Rc<Self>) {
        let alarm = match self.state.storage().get_alarm().await {
            Ok(Some(at)) => Millis::try_from(at).map_or(HeldAlarm::Absent, HeldAlarm::At),
            Ok(None) => HeldAlarm::Absent,
            Err(_) => HeldAlarm::Unknown,
        };
        self.happen(Event::Poked(alarm));
    }

    /// Asks the machine, which may wait for fresh prices.
    pub(super) async fn ask(self: &Rc<Self>, question: Question) -> worker::Result<Answer> {
        answer(self.begin(question)).await
    }

    /// Asks several questions at the same time; the answers are in their order.
    pub(super) async fn ask_each(self: &Rc<Self>, questions: Vec<Question>) -> worker::Result<Vec<Answer>> {
        let begun: Vec<_> = questions.into_iter().map(|question| self.begin(question)).collect();
        let mut answers = Vec::with_capacity(begun.len());
        for answered in begun {
            answers.push(answer(answered).await?);
        }
        Ok(answers)
    }

    fn begin(self: &Rc<Self>, question: Question) -> oneshot::Receiver<Answer> {
        let waiter = WaiterId(self.last_waiter.get().wrapping_add(1));
        self.last_waiter.set(waiter.0);
        let (answer, answered) = oneshot::channel();
        self.waiters.borrow_mut().insert(waiter.0, answer);
        self.happen(Input::Waiter(waiter, question));
        answered
    }

    fn next_event(&self) -> Option<Event> {
        self.events.borrow_mut().pop_front()
    }

    /// Hands in a write's commit. If the commit fails, the platform resets the object instead.
    async fn watch(self: Rc<Self>, write: Write) {
        if storage::committed(&self.state).await {
            self.happen(Event::Committed(write));
        }
    }

    fn credits(&self, response: &Response) -> Option<(u32, u32)> {
        let header = |name: &str| response.headers().get(name).ok().flatten();
        self.source.endpoint().provider.credits(header)
    }

    async fn call(&self, path: &str) -> Result<RestAnswer, String> {
        let (answer, _) = self.get(path).await?;
        Ok(answer)
    }

    /// What the hub whose relay this is answers to a caller's request, which others may share.
    pub(super) async fn pass_on(self: &Rc<Self>, path: &str) -> Asked {
        let came = now();
        loop {
            // A driver at work cannot be asked: then nothing is shared.
            let told = self.with_driver(|driver| driver.machine().bar_told_at());
            let told = told.unwrap_or(Millis::MAX);
            let found = self.copies.borrow().find(path, came, told, Asked::is_good);
            match found {
                Found::Answer(asked) => return asked,
                Found::Wait(asked) => {
                    asked.answer().await;
                }
                Found::Nothing => return self.ask_hub(path),
            }
        }
    }

    fn ask_hub(self: &Rc<Self>, path: &str) -> Asked {
        let answer = Rc::new(OnceCell::new());
        let (object, asked, answered) = (Rc::clone(self), path.to_owned(), Rc::clone(&answer));
        let promise = future_to_promise(async move {
            let mut answer = object.get(&asked).await;
            // As the front door does: an object that was reset meanwhile answers the second time.
            if answer.as_ref().is_err_and(|error| error != REST_TIMED_OUT) {
                answer = object.get(&asked).await;
            }
            let _ = answered.set(answer);
            Ok(JsValue::UNDEFINED)
        });
        let at = now();
        let asked = Asked { answer, promise, at };
        self.copies.borrow_mut().add(path, at, asked.clone(), Asked::is_good);
        asked
    }

    /// The answer to a request, and some of its headers.
    async fn get(&self, path: &str) -> PassedOn {
        let controller = AbortController::default();
        let signal = controller.signal();
        let call = async {
            let response = self.source.get(path, &signal).await?;
            let body = text_of(&response, LONGEST_ANSWER).await?;
            let answer = RestAnswer {
                status: response.status_code(),
                credits: self.credits(&response),
                body: body.ok_or("its answer is longer than 2 MiB, which was not read")?,
            };
            let header = |name| Some((name, response.headers().get(name).ok().flatten()?));
            Ok::<_, worker::Error>((answer, PASSED_ON.into_iter().filter_map(header).collect()))
        };
        let timeout = Delay::from(Duration::from_millis(REST_TIMEOUT));
        let result = match select(pin!(call), pin!(timeout)).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        };
        match result {
            Some(result) => result.map_err(|error| {
                // A body that was not read to its end is no longer wanted.
                controller.abort();
                self.source.redact(&error.to_string())
            }),
            None => {
                controller.abort();
                Err(REST_TIMED_OUT.to_owned())
            }
        }
    }
}

impl Listener for Object {
    fn hear(self: &Rc<Self>, input: Input) {
        self.happen(input);
    }

    fn source(&self) -> &Source {
        &self.source
    }

    fn upstream(&self) -> &Upstream {
        &self.upstream
    }
}

/// What the driver may use while it handles an event.
struct Hands<'a>(&'a Rc<Object>);

impl Hands<'_> {
    /// Ends the timer of the deadline that was next until now.
    fn replace_timer(&self, next: Option<AbortHandle>) {
        if let Some(timer) = self.0.timer.replace(next) {
            timer.abort();
        }
    }
}

impl Platform for Hands<'_> {
    fn open_upstream(&mut self, link: LinkId) {
        self.0.upstream.open(self.0, link);
    }

    fn send_upstream(&mut self, link: LinkId, frame: &str) {
        self.0.upstream.send(link, frame);
    }

    fn close_upstream(&mut self, link: LinkId) {
        self.0.upstream.close(link);
    }

    fn fetch(&mut self, request: RequestId, call: &Call) {
        let object = Rc::clone(self.0);
        let path = self.0.source.endpoint().provider.path(call);
        spawn_local(async move {
            object.happen(match object.call(&path).await {
                Ok(answer) => Input::Fetched(request, answer),
                Err(error) => Input::FetchFailed(request, error),
            });
        });
    }

    fn send(&mut self, client: ClientId, frame: &str) {
        self.0.fanout.send(client.0, frame);
    }

    fn broadcast(&mut self, group: Group, frame: &str) {
        self.0.fanout.broadcast(number(group), frame);
    }

    fn enroll(&mut self, client: ClientId, group: Group) {
        self.0.fanout.enroll(client.0, number(group));
    }

    fn dismiss(&mut self, client: ClientId, group: Group) {
        self.0.fanout.dismiss(client.0, number(group));
    }

    fn remember(&mut self, client: ClientId, record: &str) {
        // Fails only for a socket that is closed already.
        let _ = self.0.fanout.remember(client.0, record);
    }

    fn authenticate(&mut self, client: ClientId, token: Token) {
        let object = Rc::clone(self.0);
        spawn_local(async move {
            // A copy, because the driver must not stay borrowed while the platform works.
            let access = object.with_driver(|driver| driver.machine().config().access.clone());
            let outcome = match access {
                Ok(access) => pass_of(&access, &token.0, now())
                    .await
                    .map_err(|refusal| refusal.to_string()),
                Err(error) => Err(error.to_string()),
            };
            object.happen(Event::Authenticated(client, outcome));
        });
    }

    fn close_client(&mut self, client: ClientId, code: u16, reason: &str) {
        self.0.fanout.close(client.0, code, reason);
    }

    fn write_row(&mut self, row: Row, body: String, write: Write) -> Result<(), String> {
        storage::save(&self.0.state, row, body)?;
        spawn_local(Rc::clone(self.0).watch(write));
        Ok(())
    }

    fn load_rows(&mut self, span: &Span) -> Vec<(Millis, String)> {
        storage::load_rows(&self.0.state, span)
    }

    fn keep_rows(&mut self, rows: Vec<Kept>, write: Write) -> Result<(), String> {
        storage::keep_rows(&self.0.state, rows)?;
        spawn_local(Rc::clone(self.0).watch(write));
        Ok(())
    }

    fn drop_rows(&mut self, now: Millis, write: Write) -> Result<(), String> {
        storage::drop_rows(&self.0.state, now)?;
        spawn_local(Rc::clone(self.0).watch(write));
        Ok(())
    }

    fn set_alarm(&mut self, at: Millis, write: Write) {
        let object = Rc::clone(self.0);
        spawn_local(async move {
            match storage::set_alarm(&object.state, at).await {
                Ok(()) => object.watch(write).await,
                Err(error) => object.happen(Event::AlarmRefused(write, error)),
            }
        });
    }

    /// A timer without a delay runs after sent frames were written and arrived frames were read.
    fn wake_after(&mut self, wait: Millis, wakeup: Wakeup) {
        let object = Rc::clone(self.0);
        let (waiting, handle) = abortable(Delay::from(Duration::from_millis(wait)));
        if matches!(wakeup, Wakeup::Deadline(_)) {
            self.replace_timer(Some(handle));
        }
        spawn_local(async move {
            if waiting.await.is_err() {
                return;
            }
            if wakeup == Wakeup::Pulse
                && let Some(settled) = object.fanout.settled()
            {
                // It cannot fail, and a lost pulse would be noticed.
                let _ = JsFuture::from(settled).await;
            }
            object.happen(Event::Woke(wakeup));
        });
    }

    fn cancel_timer(&mut self) {
        self.replace_timer(None);
    }

    fn answer(&mut self, waiter: WaiterId, answer: Answer) {
        let waiting = self.0.waiters.borrow_mut().remove(&waiter.0);
        // The caller may have hung up.
        if let Some(waiting) = waiting {
            let _ = waiting.send(answer);
        }
    }

    fn leave_pings(&mut self, to_the_platform: bool) -> bool {
        auto_respond(self.0.state.as_raw(), to_the_platform).is_ok()
    }

    fn log(&mut self, line: &str) {
        console_log!("{line}");
    }
}
