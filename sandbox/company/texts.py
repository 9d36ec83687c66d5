"""What notes about customers say, theme by theme, and the details that texts are filled with."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from sandbox.company.names import ARTICLES, COMPETITORS, CONTACTS, articles

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
THINGS = {category: [f"{article}s" for article, _ in articles(category)] for category in ARTICLES}


@dataclass(frozen=True, slots=True)
class Theme:
    """The sentences a note on a theme may open with, and those that may follow."""

    openings: tuple[str, ...]
    sequels: tuple[str, ...]


def slots(rng: Random, at: datetime) -> dict[str, str]:
    """Draw the details that a text written at that time may mention."""
    category = rng.choice(list(THINGS))
    return {
        "category": category,
        "product": rng.choice(THINGS[category]),
        "month": MONTHS[at.month - rng.randint(1, 3)],
        "next_month": MONTHS[at.month % 12],
        "person": rng.choice(CONTACTS),
        "competitor": rng.choice(COMPETITORS),
        "weeks": str(rng.randint(2, 6)),
        "percent": str(rng.choice((3, 4, 5, 6, 8, 10, 12))),
    }


THEMES = {
    "invoice complaints": Theme(
        (
            "{person} is upset because the {month} invoice was wrong for the second time.",
            "Accounts payable refuses to pay the {month} bill until the VAT is corrected.",
            "They were billed for {product} that they never ordered.",
            "Long talk about billing: three invoices for {month}, none of them matches the order.",
            "{person} found the same {product} charged twice and wants the money back.",
            "Customer complains that our invoices arrive weeks late and in the wrong format.",
            "The agreed discount of {percent} percent is missing on every invoice since {month}.",
            "They got a payment reminder for a bill that was settled in {month}.",
            "Their finance team says our invoicing causes them extra work every single month.",
            "Still no credit note for the {product} they sent back in {month}.",
            "{person} asked for one collective invoice, we keep sending one per delivery.",
            "Purchase order numbers are missing on our invoices, so nothing can be posted.",
            "The amount charged for {product} is higher than what we had quoted.",
        ),
        (
            "Finance has to sort this out before the next billing run.",
            "I promised a corrected invoice by Friday.",
            "They will hold back payment until then.",
            "{person} in accounting sounded really annoyed.",
            "A credit note would calm things down.",
        ),
    ),
    "late deliveries": Theme(
        (
            "The {product} ordered in {month} arrived {weeks} weeks after the promised date.",
            "{person} says that hardly any of our shipments has been on time since {month}.",
            "They are still waiting for {product}, and their own customers are waiting too.",
            "Customer keeps a list of our delays; {weeks} orders in {month} alone.",
            "Nobody told them that the {category} order would be postponed again.",
            "A crew stood idle because our {product} did not come in time.",
            "The carrier missed the delivery window for the third time in a row.",
            "Tracking said delivered, but the pallet turned up {weeks} days later.",
            "{person} called in the morning: where are the {product} we promised for Monday?",
            "Backorder of {product} drags on, now it is {weeks} weeks overdue.",
            "Visit at the site: half of the {category} order is still missing.",
            "They plan with our delivery dates and cannot rely on them any more.",
            "Shipment stuck at the depot since {month}, no reply from logistics.",
        ),
        (
            "They want a fixed delivery day each week.",
            "I asked the warehouse for a realistic date.",
            "Next delay and they will claim compensation.",
            "Operations should call {person} with an honest forecast.",
            "An express shipment at our cost would be a good gesture.",
        ),
    ),
    "price negotiation": Theme(
        (
            "{person} asks for {percent} percent off on all {category} articles.",
            "Tough round on prices: they expect the terms of {month} to be matched.",
            "They want volume pricing for {product} from next quarter on.",
            "Procurement has a savings target and put our {category} prices on the table.",
            "Discussed a rebate of {percent} percent if they bundle all sites with us.",
            "Customer finds the increase on {product} hard to accept.",
            "{person} wants longer payment terms rather than a lower price.",
            "They asked for a new quote on {product}, the third one since {month}.",
            "Talked about a yearly bonus instead of a discount per order.",
            "The buyer compared our list prices line by line and wants us to come down.",
            "They would double the order of {product} for a better unit price.",
            "Offered {percent} percent on {category}, {person} is holding out for more.",
            "Free shipping is what they are after, the unit price is fine for them.",
        ),
        (
            "Margin is thin there already.",
            "I need approval before I can go that far.",
            "Will send a revised offer this week.",
            "They decide by the end of {next_month}.",
            "{person} has the final say on it.",
        ),
    ),
    "praise": Theme(
        (
            "{person} is delighted with the service and said so twice.",
            "Great feedback: the {product} are exactly what the team wanted.",
            "They call us their most reliable supplier for {category}.",
            "Very happy customer, everything in {month} went without a hitch.",
            "{person} thanked us for the quick help with the urgent order.",
            "They would recommend us to others and agreed to be a reference.",
            "Compliments for our driver, who even carried the {product} upstairs.",
            "The quality of the {product} impressed them, they had expected less for the price.",
            "Best onboarding they have had with any supplier, according to {person}.",
            "Nothing but kind words about the support team today.",
            "They love the new ordering app, {person} uses it every morning.",
            "Customer sent a cake to the warehouse after we saved their {month} opening.",
            "Satisfaction survey came back with full marks and a friendly comment.",
        ),
        (
            "Worth a reference story.",
            "I passed the thanks on to the team.",
            "A good moment to talk about more {category}.",
            "They are planning to order more.",
            "{person} would speak at our customer day.",
        ),
    ),
    "feature requests": Theme(
        (
            "{person} would like to approve orders from a phone.",
            "They asked for an export of all orders by cost centre.",
            "Wish: a reminder in the shop when {product} are due for reordering.",
            "Their IT wants webhooks from our order API instead of polling.",
            "It would help them to see live stock for {product} before ordering.",
            "Customer misses single sign-on for the web shop.",
            "{person} suggests a shared shopping list for all their sites.",
            "They need spending limits per employee, which the shop cannot do yet.",
            "Request for carbon figures on each order, for their yearly report.",
            "Could the catalogue hide {category} articles that are not in their contract?",
            "They want to order {product} by scanning a label on the shelf.",
            "A punch-out catalogue for their purchasing system is at the top of their list.",
            "Asked whether the dashboard could show spend by department.",
        ),
        (
            "Passed on to the product team.",
            "Three other customers asked for the same thing.",
            "They would test an early version.",
            "Not urgent, but {person} brings it up each time.",
            "It would save them an hour a day.",
        ),
    ),
    "outage": Theme(
        (
            "The web shop was down for them all morning and no orders went through.",
            "{person} called about the API outage, their system got nothing but errors.",
            "They could not log in for hours in {month}, and nobody informed them.",
            "EDI connection broke down again, {weeks} dozen orders had to be typed by hand.",
            "Customer wants to know why our system failed during their busiest week.",
            "Ordering was impossible from noon on, checkout kept timing out.",
            "After the last downtime they ask for a written root cause analysis.",
            "Our status page was green while their whole purchasing stood still.",
            "The stock interface has been unavailable {weeks} times since {month}.",
            "{person} lost a morning because the portal kept crashing.",
            "Service interruption hit all their sites at once, including the night shift.",
            "They ask what uptime we can guarantee after what happened in {month}.",
            "Server errors at the end of the quarter, they ordered {product} by phone instead.",
        ),
        (
            "They expect a report from engineering.",
            "A credit was mentioned, but not demanded.",
            "I will invite {person} to the review.",
            "Another one like this and IT will step in.",
            "They want to be called next time, before they notice.",
        ),
    ),
    "onboarding": Theme(
        (
            "Kick-off with {person}: accounts for all sites should be ready next week.",
            "First training for their buyers, mostly about approvals and lists.",
            "New customer, walked them through the catalogue and the {category} range.",
            "Set up the delivery addresses and the first users together.",
            "{person} takes over from a predecessor and needs an introduction to the shop.",
            "They are still migrating from their old supplier, the item list is half done.",
            "Welcome visit; they plan to start with {product} and add more later.",
            "The connection to their purchasing system is being tested, go-live in {next_month}.",
            "Initial setup takes longer than planned because their IT is short of people.",
            "Showed {person} how to invite colleagues and give them rights.",
            "First order of {product} placed together during the call.",
            "They were missing login details for two of the new sites.",
            "Getting started checklist finished, only the approval limits are open.",
        ),
        (
            "Next session in {weeks} weeks.",
            "I sent the starter guide afterwards.",
            "They learn quickly.",
            "Support should look after them closely in the first month.",
            "{person} will be our main contact.",
        ),
    ),
    "contract renewal": Theme(
        (
            "The framework agreement ends soon, {person} wants to extend it by two years.",
            "Talked about renewing: they are positive but need the board's approval.",
            "Renewal is at risk, the new head of purchasing wants to reopen everything.",
            "They signed the extension, now including {category}.",
            "The contract runs out in {weeks} weeks and nobody there has looked at it yet.",
            "{person} asked for a shorter term when the agreement comes up for renewal.",
            "Sent the draft of the follow-up contract, legal will comment in {next_month}.",
            "They gave formal notice, but only to renegotiate the terms before prolonging.",
            "Automatic extension is not allowed by their new policy, a tender is planned.",
            "Customer wants to add two sites when we renew.",
            "Renewal meeting held, open points are payment terms and {product}.",
            "{person} confirmed that they will stay with us for another year.",
            "They hesitate to commit for longer than twelve months this time.",
        ),
        (
            "Legal needs to see the draft first.",
            "Decision expected in {weeks} weeks.",
            "I would start early this time.",
            "{person} signs, but the board decides.",
            "We should bring the premium plan into it.",
        ),
    ),
    "damaged goods": Theme(
        (
            "Two pallets of {product} arrived broken, photos are in the mail.",
            "{person} reports scratches on nearly all the {product}.",
            "Boxes were soaked, the {category} delivery cannot be used.",
            "Packaging was torn open and some of the {product} were bent.",
            "They had to send back {product} because of cracks, again.",
            "Glass and splinters in the parcel, luckily nobody was hurt.",
            "The {product} came with dents, the customer wants a replacement.",
            "Third damaged shipment since {month}, always the same carrier.",
            "Part of the {category} order was crushed under a heavier pallet.",
            "{person} rejected the delivery at the gate because it was visibly damaged.",
            "Defective right out of the box: {weeks} of the {product} do not work.",
            "They keep broken {product} in a corner and wait for us to collect them.",
            "Leaking containers ruined the rest of the shipment.",
        ),
        (
            "Replacement has been ordered.",
            "We should talk to the carrier about packaging.",
            "They want it collected this week.",
            "{person} took pictures of everything.",
            "Insurance needs the delivery note.",
        ),
    ),
    "competitor mention": Theme(
        (
            "{competitor} offered them {product} for {percent} percent less.",
            "{person} mentioned that {competitor} has been visiting them since {month}.",
            "They are running a trial with {competitor} for {category}.",
            "Part of the {category} spend has moved to {competitor}.",
            "They compare us with {competitor} and like the faster delivery there.",
            "A sales rep of {competitor} left samples of {product} on the desk.",
            "{person} asked openly what we do better than {competitor}.",
            "Their new buyer used to work with {competitor} and wants to switch back.",
            "They got a quote from another supplier and are thinking about leaving us.",
            "{competitor} promises next-day delivery, which they would love to have.",
            "We won the {category} order back from {competitor}.",
            "Group headquarters has a deal with {competitor}, the site prefers us.",
            "The customer is looking at alternatives, {competitor} was named twice.",
        ),
        (
            "We should not lose them over this.",
            "I will bring a counter-offer.",
            "{person} still prefers us, if the price is right.",
            "They decide after a test in {next_month}.",
            "Ask marketing for a comparison sheet.",
        ),
    ),
}
CLOSINGS = (
    "Follow-up call is set for next week.",
    "{person} will get back to me.",
    "To be continued at the next visit.",
    "No action needed before {weeks} weeks from now.",
    "I informed the team lead.",
)
