"""What is said in the company's Slack."""

INCIDENTS = "C0INCIDENTS"

Turns = tuple[tuple[str, str], ...]


def _threads(script: str) -> tuple[tuple[str, Turns], ...]:
    """Read threads set apart by empty lines, each a channel and then who says what."""
    return tuple(_thread(block) for block in script.strip().split("\n\n"))


def _thread(block: str) -> tuple[str, Turns]:
    channel, *lines = block.splitlines()
    turns = (line.partition(": ") for line in lines)
    return channel, tuple((user, text) for user, _, text in turns)


THREADS = _threads("""
C0GENERAL
U0SOFIA: Reminder: stock count in the main warehouse on Friday, shipping stops at 14:00.
U0HANNA: Express orders go out until noon, please tell your customers.
U0MARCO: Thanks, {customer} has one on the way, I will warn them.

C0GENERAL
U0ELIN: Visitors from {customer} are in the showroom today, they want to see our {product}.
U0SOFIA: Coffee is ready. I will join you for the tour.

C0GENERAL
U0JONAS: Month-end closing starts tomorrow, please approve your open expenses tonight.
U0MARCO: Done. The hotel in {month} is still missing a receipt.
U0JONAS: Send me what you have, I will take care of it.

C0GENERAL
U0HANNA: The {category} aisle moves to hall 2 this week, picking will be a bit slower.
U0PRIYA: Good to know, we will mention it when people ask about delivery dates.

C0GENERAL
U0PRIYA: {customer} gave us five stars and a very kind comment. Well done everybody!
U0TOMAS: That was a long night, glad they noticed.
U0ELIN: I will use that in the renewal talk.

C0SALES
U0MARCO: {customer} asks for {percent} percent off on {product}. Who knows our margin there?
U0JONAS: Not much room, 4 percent at most for {category}.
U0MARCO: I will offer 3 and free shipping.
U0ELIN: They took exactly that last year.

C0SALES
U0ELIN: {competitor} is at {customer} again with samples of {product}.
U0MARCO: What do they pay at the moment?
U0ELIN: List price minus {percent}. I am visiting them next week.

C0SALES
U0MARCO: Signed: {customer} extends for two years, {category} included.
U0ELIN: Congratulations!
U0JONAS: Please send me the contract before the end of the month.
U0MARCO: In your inbox.

C0SALES
U0ELIN: Which of my enterprise customers have not ordered anything since {month}?
U0ADA: I can pull that, give me an hour.
U0ELIN: Wonderful, I am preparing the quarterly calls.

C0SALES
U0MARCO: Quote for {customer} is stuck, the shop shows the wrong price for {product}.
U0TOMAS: There is a ticket for it, {ticket}.
U0MARCO: I will send the offer by hand then.

C0SALES
U0JONAS: {customer} is over the credit limit again. Do we still ship?
U0ELIN: Please do, {person} promised to pay this week.
U0JONAS: Until Friday then.

C0SUPPORT
U0PRIYA: {ticket} from {customer} ({priority}): {subject}. Who can take it?
U0TOMAS: Mine.
U0PRIYA: Thanks, {person} there prefers a call.
U0TOMAS: Called. Waiting for screenshots now.

C0SUPPORT
U0TOMAS: {customer} wrote again about {ticket}. Has operations answered?
U0HANNA: The {product} leave the warehouse tonight.
U0TOMAS: I will let them know.

C0SUPPORT
U0PRIYA: We owe {customer} a credit note, see {ticket}.
U0JONAS: How much is it?
U0PRIYA: The shipping costs, as agreed on the phone.
U0JONAS: Booked, they get it with the next invoice.

C0SUPPORT
U0PRIYA: Third complaint about broken {product} this week, now {customer}.
U0SOFIA: Same carrier again?
U0PRIYA: Yes, see {ticket}.
U0SOFIA: I am calling them today.

C0SUPPORT
U0TOMAS: Does anybody have a guide for approval limits? {customer} asks in {ticket}.
U0PRIYA: Pinned in this channel, second from the top.

C0DATA
U0JONAS: Sales tells me one number for {month} revenue and the dashboard another. Which is right?
U0ADA: Sales counts cancelled orders, the dashboard does not.
U0JONAS: Could we write that down somewhere?
U0ADA: I will add it to the definitions.

C0DATA
U0LUC: Some account references from support have spaces or small letters, joins miss them.
U0ADA: How many?
U0LUC: About one in eight. I clean them before joining now.

C0DATA
U0ADA: Promised dates of some orders are written day first. Does anybody know why?
U0SOFIA: Those come from the old partner form.
U0LUC: I will read both.

C0DATA
U0MARCO: Can I get spend by category for {customer}?
U0ADA: Sure. Last quarter or the whole year?
U0MARCO: Last quarter, please.
U0ADA: Sent you the file.

C0DATA
U0PRIYA: Is there a way to see health scores next to what a customer spends?
U0LUC: Scores live with support and orders in Postgres, so today only by hand.
U0ADA: It comes up every week. We should make that easier.

C0INCIDENTS
U0TOMAS: {customer} reports: {subject}. Ticket {ticket}, {priority}.
U0LUC: Looking. Error rate on the order API is up since a few minutes.
U0PRIYA: More tickets are coming in, I have put a note on the status page.
U0LUC: One database node failed, switching over.
U0TOMAS: Orders go through again. I am watching the queue.

C0INCIDENTS
U0PRIYA: Still open after the outage: {ticket} of {customer}.
U0TOMAS: They want a written report before they close it.
U0LUC: Draft is ready, please read it before it goes out.

C0INCIDENTS
U0SOFIA: Is this the same problem as last time? {customer} has called me directly about {ticket}.
U0TOMAS: Looks like it, timeouts on our side.
U0SOFIA: Then please call them back before noon.
U0TOMAS: Done, they are calm for now.

C0INCIDENTS
U0LUC: Review of the outage is on Thursday. Input on {ticket} ({customer}) is welcome.
U0PRIYA: I will bring the list of customers who noticed.
U0ELIN: Please invite me, two of my accounts are on it.
""")

FINANCE = tuple(
    turns
    for _, turns in _threads("""
C0FINANCE
U0JONAS: Month-end: three write-offs are above 10,000, I need a second signature on each.
U0ADA: Signed two. The third has no order number, where is it from?
U0JONAS: A goodwill credit from last year, I will add it.

C0FINANCE
U0SOFIA: Which credit limits did we raise this quarter, and who agreed to it?
U0JONAS: Eleven. The list stays in here until the auditors have seen it.

C0FINANCE
U0ADA: Salaries are on a separate ledger from now on, please do not mix them into the cost report.
U0JONAS: Understood, I have changed the export.
""")
)
SHARED = tuple(
    turns
    for _, turns in _threads("""
C0SHARED
contact: Good morning, when can we expect the second part of our order?
U0TOMAS: It leaves the warehouse tomorrow, you will get the tracking number here.
contact: Thank you, that works for us.

C0SHARED
U0ELIN: I have sent you the new price list for {customer}.
contact: Received. We will come back to you about the volume discount.
""")
)
FORMER = tuple(
    turns
    for _, turns in _threads("""
C0FORMER
contact: This is the third late delivery in a row, our production is standing still.
U0TOMAS: I am sorry. I have moved your order to express, it arrives on Friday.

C0FORMER
contact: The invoice is wrong again, and nobody answers our calls.
U0ELIN: I take this over myself and call you this afternoon.

C0FORMER
contact: We have decided to change our supplier, {customer} will cancel the contract.
U0ELIN: I am very sorry to hear that. May I visit you before you sign?
""")
)
