"""What tickets say, category by category."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """How often tickets are of a category, and the wording they are made of."""

    weight: int
    tags: tuple[str, ...]
    subjects: tuple[str, ...]
    questions: tuple[str, ...]
    replies: tuple[str, ...]


CATEGORIES = {
    "billing": Category(
        24,
        ("invoice", "vat", "credit-note", "payment"),
        (
            "Wrong VAT rate on the {month} invoice",
            "Invoice for {month} lists {product} twice",
            "Credit note for returned {product} is missing",
            "Purchase order number missing on the {month} invoice",
            "Dunning letter for an invoice we paid",
            "Discount not applied to {product}",
            "Please change our billing address",
            "Payment by card was declined twice",
        ),
        (
            "Our bookkeeping cannot post the {month} invoice, the VAT does not add up.",
            "We were charged twice for the {product}. Please send a corrected invoice.",
            "The agreed {percent} percent discount is not on the invoice for {month}.",
            "We returned {product} {weeks} weeks ago and still wait for the credit note.",
            "We received a reminder although the amount left our account in {month}.",
            "Our auditors need the purchase order number on every invoice from {month} on.",
        ),
        (
            "I have forwarded this to accounting and put the reminder on hold.",
            "You are right, the line is there twice. A corrected invoice is on its way.",
            "Could you send us the payment reference, so that we can match the transfer?",
            "The discount starts with the new contract; I am checking the date with your contact.",
        ),
    ),
    "bug": Category(
        18,
        ("webshop", "punchout", "export", "login"),
        (
            "Basket loses items after login",
            "Search for {product} returns nothing",
            "CSV export of orders is cut off after {month}",
            "Punch-out from our purchasing system fails",
            "Shop shows list prices instead of our prices",
            "Password reset mail never arrives",
            "Order confirmation shows the wrong delivery date",
        ),
        (
            "As soon as a colleague signs in, the {product} we had put into the basket are gone.",
            "The export stops in the middle of {month}, the rest of the year is missing.",
            "Since this week punch-out ends on a blank page. Nothing changed on our side.",
            "The shop shows us list prices, although our contract says {percent} percent off.",
            "The search finds no {product}, although we ordered them {weeks} weeks ago.",
        ),
        (
            "I can reproduce this and have passed it to the shop team.",
            "Which browser do you use? It works for me in a private window.",
            "A fix goes live tonight. Until then the quick order form works.",
            "Thank you for the screenshot, that helped us to find the cause.",
        ),
    ),
    "outage": Category(
        8,
        ("api", "edi", "status-page", "webshop"),
        (
            "EDI orders have not been confirmed since this morning",
            "Shop unreachable from all our sites",
            "Stock API times out",
            "Checkout hangs at payment",
            "All API calls end with error 503",
        ),
        (
            "None of our sites can place orders, every request ends with an error. This is urgent.",
            "Our purchasing system retries all the time and nothing gets through to you.",
            "We have stopped ordering by hand as well, checkout hangs for everybody.",
            "{weeks} of our warehouses wait for confirmations that do not come. Please call back.",
        ),
        (
            "We are aware of the outage and working on it. Updates are on the status page.",
            "The service is back; queued orders are being confirmed one after the other.",
            "Engineering found a failed database node. I will keep you posted here.",
        ),
    ),
    "how-to": Category(
        22,
        ("users", "approval", "catalogue", "api"),
        (
            "How do we add a second delivery address?",
            "How to set up an approval limit for new users",
            "Where can we download safety data sheets?",
            "Can we save a list of {product} for reordering?",
            "How do we connect our purchasing system?",
            "How can we see what we ordered in {month}?",
        ),
        (
            "We have opened a new site and want its orders delivered there. Where do we set that?",
            "New colleagues should order up to a limit only. Is that possible?",
            "Is there a list we can use to reorder {product} every month?",
            "Our IT asks for the documentation of the order API. Where can we find it?",
            "I would like to see everything we bought in {month}, by cost centre if possible.",
        ),
        (
            "You find this under Company settings; I have attached a short guide.",
            "That is part of the plus plan. Shall I ask your contact to call you?",
            "Yes: open the list, choose Share, and your colleagues can order from it.",
            "I have switched it on for you, please sign in again.",
        ),
    ),
    "delivery": Category(
        28,
        ("late", "damaged", "carrier", "partial", "return"),
        (
            "{product} still not delivered",
            "Delivery arrived damaged: {product}",
            "Only part of the {month} order arrived",
            "Wrong {product} delivered",
            "Driver left the pallet outside the gate",
            "Tracking link shows no movement",
            "Please collect {product} ordered by mistake",
        ),
        (
            "The {product} were promised for last week and nothing has arrived yet.",
            "Two boxes are crushed and the {product} inside cannot be used.",
            "We got only half of the {month} order, and no note about the rest.",
            "We ordered {product} and got something else. Please collect it and send ours.",
            "The pallet stood in the rain all night, because the driver did not ring.",
            "According to the tracking our parcel has been in the same depot for {weeks} weeks.",
        ),
        (
            "I am sorry. The carrier is tracing the pallet and I will call you tomorrow.",
            "A replacement left our warehouse today; please keep the damaged goods for pickup.",
            "The rest is on backorder and follows in {weeks} weeks. Shall we keep it that way?",
            "I have booked the pickup, the label is attached.",
        ),
    ),
}
CUSTOMER_WORDS = (
    "Thanks for the quick answer.",
    "Is there any news? Our people keep asking.",
    "That did not help, unfortunately.",
    "We can live with that for now, but not for long.",
    "Please copy my colleague {person} on this.",
    "Confirmed, it looks right on our side now.",
    "Let me know if you need anything else from us.",
)
AGENT_WORDS = (
    "I have checked again and will come back to you by tomorrow noon.",
    "This should be settled now. Could you confirm?",
    "I have asked my colleague in the warehouse and added a note to your account.",
    "We have credited the shipping costs as a gesture.",
    "Sorry for the wait, I now have an answer from the team.",
    "Glad to hear that. I will close the ticket, you can reopen it by replying.",
)
CSAT_COMMENTS = {
    1: ("Nobody felt responsible.", "Still not working.", "Had to ask four times."),
    2: ("Took far too long.", "Friendly, but no help.", "The answer missed the question."),
    3: ("Fine in the end.", "Acceptable, a bit slow.", ""),
    4: ("Quick and polite.", "Good help, thank you.", "Solved within the day.", ""),
    5: ("Excellent!", "Best supplier support we have.", "Solved in minutes.", "Very kind.", ""),
}
