"""Questions of the demo company and the whole semantic SQL that the grammar must read in them."""

CASES = {
    "which enterprise customers with open P1 tickets spent the most last quarter?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2026-07-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND
        c.segment = 'enterprise' AND EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id =
        c.customer_id AND t.status = 'open' AND t.priority = 'P1') GROUP BY c.customer_id,
        c.name ORDER BY revenue DESC NULLS LAST LIMIT 10
    """,
    "which enterprise customers with open P1 tickets who complained about invoices "
    "spent the most last quarter?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2026-07-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND
        c.segment = 'enterprise' AND EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id =
        c.customer_id AND t.status = 'open' AND t.priority = 'P1') AND c.customer_id IN
        (SELECT n.customer_id FROM search(note, 'complained about invoices', 100) AS n) GROUP
        BY c.customer_id, c.name ORDER BY revenue DESC NULLS LAST LIMIT 10
    """,
    "how many customers?": """
        SELECT COUNT(*) AS customers FROM customer AS c
    """,
    "how many open tickets do we have?": """
        SELECT COUNT(*) AS tickets FROM ticket AS t WHERE t.status = 'open'
    """,
    "number of orders last month by country": """
        SELECT c.country, COUNT(*) AS orders FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2026-10-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-11-01 00:00:00+00:00' GROUP BY
        c.country ORDER BY orders DESC NULLS LAST
    """,
    "revenue by month in 2026": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, SUM(o.amount) AS revenue FROM
        "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' AND
        o.ordered_at < TIMESTAMPTZ '2027-01-01 00:00:00+00:00' GROUP BY DATE_TRUNC('month',
        o.ordered_at) ORDER BY month
    """,
    "revenue per quarter and segment": """
        SELECT DATE_TRUNC('quarter', o.ordered_at) AS quarter, c.segment, SUM(o.amount) AS
        revenue FROM "order" AS o JOIN customer AS c ON o.customer_id = c.customer_id GROUP
        BY DATE_TRUNC('quarter', o.ordered_at), c.segment ORDER BY quarter, revenue DESC
        NULLS LAST
    """,
    "monthly revenue": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, SUM(o.amount) AS revenue FROM
        "order" AS o GROUP BY DATE_TRUNC('month', o.ordered_at) ORDER BY month
    """,
    "top 5 customers by revenue": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY revenue DESC
        NULLS LAST LIMIT 5
    """,
    "which customer spent the most?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY revenue DESC
        NULLS LAST LIMIT 1
    """,
    "which customers in Germany or France have no orders last year?": """
        SELECT c.name FROM customer AS c WHERE c.country IN ('Germany', 'France') AND NOT
        EXISTS (SELECT 1 FROM "order" AS o WHERE o.customer_id = c.customer_id AND
        o.ordered_at >= TIMESTAMPTZ '2025-01-01 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2026-01-01 00:00:00+00:00') ORDER BY c.name
    """,
    "customers with more than 3 open tickets": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT t.customer_id FROM
        ticket AS t WHERE t.status = 'open' GROUP BY t.customer_id HAVING COUNT(*) > 3)
        ORDER BY c.name
    """,
    "which customers never ordered?": """
        SELECT c.name FROM customer AS c WHERE NOT EXISTS (SELECT 1 FROM "order" AS o WHERE
        o.customer_id = c.customer_id) ORDER BY c.name
    """,
    "orders over 5,000 EUR last month": """
        SELECT o.order_id, o.ordered_at, o.amount FROM "order" AS o WHERE o.amount > 5000
        AND o.ordered_at >= TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2026-11-01 00:00:00+00:00' ORDER BY o.ordered_at DESC
    """,
    "orders above 5k not cancelled": """
        SELECT o.order_id, o.ordered_at, o.amount FROM "order" AS o WHERE o.status <>
        'cancelled' AND o.amount > 5000 ORDER BY o.ordered_at DESC
    """,
    "list customers with health score below 40": """
        SELECT c.name, c.health_score FROM customer AS c WHERE c.health_score < 40 ORDER BY
        c.name
    """,
    "average health score by segment": """
        SELECT c.segment, AVG(c.health_score) AS average_health_score FROM customer AS c
        GROUP BY c.segment ORDER BY average_health_score DESC NULLS LAST
    """,
    "churned customers": """
        SELECT c.name FROM customer AS c WHERE c.churned_at IS NOT NULL ORDER BY c.name
    """,
    "how many customers churned last year by country": """
        SELECT c.country, COUNT(*) AS customers FROM customer AS c WHERE c.churned_at >=
        TIMESTAMPTZ '2025-01-01 00:00:00+00:00' AND c.churned_at < TIMESTAMPTZ '2026-01-01
        00:00:00+00:00' GROUP BY c.country ORDER BY customers DESC NULLS LAST
    """,
    "customers whose renewal is in the next 30 days": """
        SELECT c.name, c.renewal_on FROM customer AS c WHERE c.renewal_on >= DATE
        '2026-11-21' AND c.renewal_on < DATE '2026-12-21' ORDER BY c.name
    """,
    "which customers renew next month?": """
        SELECT c.name, c.renewal_on FROM customer AS c WHERE c.renewal_on >= DATE
        '2026-12-01' AND c.renewal_on < DATE '2027-01-01' ORDER BY c.name
    """,
    "tickets opened last month": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.opened_at >=
        TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND t.opened_at < TIMESTAMPTZ '2026-11-01
        00:00:00+00:00' ORDER BY t.opened_at DESC
    """,
    "billing tickets": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.category =
        'billing' ORDER BY t.opened_at DESC
    """,
    "which customers complained about invoices?": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT n.customer_id FROM
        search(note, 'complained about invoices', 100) AS n) ORDER BY c.name
    """,
    "notes about late deliveries": """
        SELECT n.text, n.note_id, n.written_at, n.score FROM search(note, 'late deliveries',
        100) AS n ORDER BY n.score DESC
    """,
    "complaints about late deliveries in the last 90 days": """
        SELECT n.text, n.note_id, n.written_at, n.score FROM search(note, 'late deliveries',
        100) AS n WHERE n.written_at >= TIMESTAMPTZ '2026-08-23 00:00:00+00:00' AND
        n.written_at < TIMESTAMPTZ '2026-11-22 00:00:00+00:00' ORDER BY n.score DESC
    """,
    "units sold by category": """
        SELECT p.category, SUM(ol.quantity) AS units_sold FROM order_line AS ol JOIN product
        AS p ON ol.product_id = p.product_id GROUP BY p.category ORDER BY units_sold DESC
        NULLS LAST
    """,
    "units sold by product category last month": """
        SELECT p.category, SUM(ol.quantity) AS units_sold FROM order_line AS ol JOIN product
        AS p ON ol.product_id = p.product_id JOIN "order" AS o ON ol.order_id = o.order_id
        WHERE o.ordered_at >= TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2026-11-01 00:00:00+00:00' GROUP BY p.category ORDER BY units_sold DESC
        NULLS LAST
    """,
    "which products sold the most units this year?": """
        SELECT p.name, SUM(ol.quantity) AS units_sold FROM order_line AS ol JOIN product AS
        p ON ol.product_id = p.product_id JOIN "order" AS o ON ol.order_id = o.order_id
        WHERE o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2027-01-01 00:00:00+00:00' GROUP BY p.product_id, p.name ORDER BY
        units_sold DESC NULLS LAST LIMIT 10
    """,
    "which country has the most customers?": """
        SELECT c.country, COUNT(*) AS customers FROM customer AS c GROUP BY c.country ORDER
        BY customers DESC NULLS LAST LIMIT 1
    """,
    "revenue and number of tickets by country": """
        WITH by_order AS (SELECT c.country, SUM(o.amount) AS revenue FROM "order" AS o JOIN
        customer AS c ON o.customer_id = c.customer_id GROUP BY c.country), by_ticket AS
        (SELECT c.country, COUNT(*) AS tickets FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id GROUP BY c.country) SELECT COALESCE(by_order.country,
        by_ticket.country) AS country, by_order.revenue, by_ticket.tickets FROM by_order
        FULL JOIN by_ticket ON by_order.country IS NOT DISTINCT FROM by_ticket.country ORDER
        BY revenue DESC NULLS LAST
    """,
    "revenue and average order value by month": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, SUM(o.amount) AS revenue,
        AVG(o.amount) AS average_order_value FROM "order" AS o GROUP BY DATE_TRUNC('month',
        o.ordered_at) ORDER BY month
    """,
    "average order value by channel": """
        SELECT o.channel, AVG(o.amount) AS average_order_value FROM "order" AS o GROUP BY
        o.channel ORDER BY average_order_value DESC NULLS LAST
    """,
    "customers with the highest credit limit": """
        SELECT c.name, c.credit_limit FROM customer AS c ORDER BY c.credit_limit DESC NULLS
        LAST LIMIT 10
    """,
    "which customer has the lowest health score?": """
        SELECT c.name, c.health_score FROM customer AS c ORDER BY c.health_score ASC NULLS
        LAST LIMIT 1
    """,
    "highest credit limit": """
        SELECT MAX(c.credit_limit) AS highest_credit_limit FROM customer AS c
    """,
    "total refund last month": """
        SELECT SUM(t.refund) AS total_refund FROM ticket AS t WHERE t.opened_at >=
        TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND t.opened_at < TIMESTAMPTZ '2026-11-01
        00:00:00+00:00'
    """,
    "how many customers ordered last month?": """
        SELECT COUNT(*) AS customers FROM customer AS c WHERE EXISTS (SELECT 1 FROM "order"
        AS o WHERE o.customer_id = c.customer_id AND o.ordered_at >= TIMESTAMPTZ '2026-10-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-11-01 00:00:00+00:00')
    """,
    "which customers bought furniture last month?": """
        SELECT c.name FROM customer AS c WHERE EXISTS (SELECT 1 FROM "order" AS o JOIN
        order_line AS ol ON ol.order_id = o.order_id JOIN product AS p ON ol.product_id =
        p.product_id WHERE o.customer_id = c.customer_id AND o.ordered_at >= TIMESTAMPTZ
        '2026-10-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-11-01
        00:00:00+00:00' AND p.category = 'furniture') ORDER BY c.name
    """,
    'revenue from customer "Acme Tools" since March': """
        SELECT SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2026-03-01
        00:00:00+00:00' AND c.name = 'Acme Tools'
    """,
    "customers without any tickets": """
        SELECT c.name FROM customer AS c WHERE NOT EXISTS (SELECT 1 FROM ticket AS t WHERE
        t.customer_id = c.customer_id) ORDER BY c.name
    """,
    "customers who signed up in 2026": """
        SELECT c.name, c.signed_up_on FROM customer AS c WHERE c.signed_up_on >= DATE
        '2026-01-01' AND c.signed_up_on < DATE '2027-01-01' ORDER BY c.signed_up_on DESC
    """,
    "which customers spent more than 10000 last year?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2025-01-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-01-01 00:00:00+00:00' GROUP BY
        c.customer_id, c.name HAVING SUM(o.amount) > 10000 ORDER BY revenue DESC NULLS LAST
    """,
    "how many customers spent over 10k in 2026?": """
        SELECT COUNT(*) AS customers FROM customer AS c WHERE c.customer_id IN (SELECT
        o.customer_id FROM "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ '2026-01-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2027-01-01 00:00:00+00:00' GROUP BY
        o.customer_id HAVING SUM(o.amount) > 10000)
    """,
    "tickets with satisfaction below 3": """
        SELECT t.subject, t.number, t.opened_at, t.satisfaction FROM ticket AS t WHERE
        t.satisfaction < 3 ORDER BY t.opened_at DESC
    """,
    "revenue between 2026-01-01 and 2026-03-31": """
        SELECT SUM(o.amount) AS revenue FROM "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ
        '2026-01-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-04-01
        00:00:00+00:00'
    """,
    "who spent the most?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY revenue DESC
        NULLS LAST LIMIT 10
    """,
    "revenue for each account manager": """
        SELECT c.account_manager, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer
        AS c ON o.customer_id = c.customer_id GROUP BY c.account_manager ORDER BY revenue
        DESC NULLS LAST
    """,
    "customers with fewer than 2 orders": """
        SELECT c.name FROM customer AS c WHERE c.customer_id NOT IN (SELECT o.customer_id
        FROM "order" AS o WHERE o.customer_id IS NOT NULL GROUP BY o.customer_id HAVING
        COUNT(*) >= 2) ORDER BY c.name
    """,
    "which account manager has the most churned customers?": """
        SELECT c.account_manager, COUNT(*) AS customers FROM customer AS c WHERE
        c.churned_at IS NOT NULL GROUP BY c.account_manager ORDER BY customers DESC NULLS
        LAST LIMIT 1
    """,
    "P1 tickets in Germany": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id WHERE t.priority = 'P1' AND c.country = 'Germany'
        ORDER BY t.opened_at DESC
    """,
    "the 5 biggest orders this month": """
        SELECT o.order_id, o.ordered_at, o.amount FROM "order" AS o WHERE o.ordered_at >=
        TIMESTAMPTZ '2026-11-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-12-01
        00:00:00+00:00' ORDER BY o.amount DESC NULLS LAST LIMIT 5
    """,
    "latest 10 orders": """
        SELECT o.order_id, o.ordered_at FROM "order" AS o ORDER BY o.ordered_at DESC NULLS
        LAST LIMIT 10
    """,
    "solved tickets last week": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.status = 'solved'
        AND t.opened_at >= TIMESTAMPTZ '2026-11-09 00:00:00+00:00' AND t.opened_at <
        TIMESTAMPTZ '2026-11-16 00:00:00+00:00' ORDER BY t.opened_at DESC
    """,
    "tickets solved last week": """
        SELECT t.subject, t.number, t.opened_at, t.solved_at FROM ticket AS t WHERE
        t.solved_at >= TIMESTAMPTZ '2026-11-09 00:00:00+00:00' AND t.solved_at < TIMESTAMPTZ
        '2026-11-16 00:00:00+00:00' ORDER BY t.opened_at DESC
    """,
    'email of "Acme Tools"': """
        SELECT c.name, c.email FROM customer AS c WHERE c.name = 'Acme Tools' ORDER BY
        c.name
    """,
    "which customers have the most open tickets?": """
        SELECT c.name, COUNT(*) AS tickets FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id WHERE t.status = 'open' GROUP BY c.customer_id, c.name
        ORDER BY tickets DESC NULLS LAST LIMIT 10
    """,
    "number of tickets by priority except closed": """
        SELECT t.priority, COUNT(*) AS tickets FROM ticket AS t WHERE t.status <> 'closed'
        GROUP BY t.priority ORDER BY tickets DESC NULLS LAST
    """,
    "how many premium customers mention pricing": """
        SELECT COUNT(*) AS customers FROM customer AS c WHERE c.support_plan = 'premium' AND
        c.customer_id IN (SELECT n.customer_id FROM search(note, 'pricing', 100) AS n)
    """,
    "which month had the highest revenue?": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, SUM(o.amount) AS revenue FROM
        "order" AS o GROUP BY DATE_TRUNC('month', o.ordered_at) ORDER BY revenue DESC NULLS
        LAST LIMIT 1
    """,
    "customers with health score between 20 and 40": """
        SELECT c.name, c.health_score FROM customer AS c WHERE c.health_score BETWEEN 20 AND
        40 ORDER BY c.name
    """,
    "orders by status": """
        SELECT o.status, COUNT(*) AS orders FROM "order" AS o GROUP BY o.status ORDER BY
        orders DESC NULLS LAST
    """,
    "refunds by category": """
        SELECT t.category, SUM(t.refund) AS refunds FROM ticket AS t GROUP BY t.category
        ORDER BY refunds DESC NULLS LAST
    """,
    "how many customers have open tickets?": """
        SELECT COUNT(*) AS customers FROM customer AS c WHERE EXISTS (SELECT 1 FROM ticket
        AS t WHERE t.customer_id = c.customer_id AND t.status = 'open')
    """,
    "tickets of enterprise customers": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id WHERE c.segment = 'enterprise' ORDER BY t.opened_at
        DESC
    """,
    "which countries have customers with open P1 tickets?": """
        SELECT DISTINCT c.country FROM customer AS c WHERE EXISTS (SELECT 1 FROM ticket AS t
        WHERE t.customer_id = c.customer_id AND t.status = 'open' AND t.priority = 'P1')
        ORDER BY c.country
    """,
    "top 10 products by units sold in Q3": """
        SELECT p.name, SUM(ol.quantity) AS units_sold FROM order_line AS ol JOIN product AS
        p ON ol.product_id = p.product_id JOIN "order" AS o ON ol.order_id = o.order_id
        WHERE o.ordered_at >= TIMESTAMPTZ '2026-07-01 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2026-10-01 00:00:00+00:00' GROUP BY p.product_id, p.name ORDER BY
        units_sold DESC NULLS LAST LIMIT 10
    """,
    "customers that have not churned": """
        SELECT c.name FROM customer AS c WHERE c.churned_at IS NULL ORDER BY c.name
    """,
    "which customers with orders over 5000 spent the most?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE EXISTS (SELECT 1 FROM "order" AS ord WHERE
        ord.customer_id = c.customer_id AND ord.amount > 5000) GROUP BY c.customer_id,
        c.name ORDER BY revenue DESC NULLS LAST LIMIT 10
    """,
    "customers that never bought furniture": """
        SELECT c.name FROM customer AS c WHERE NOT EXISTS (SELECT 1 FROM "order" AS o JOIN
        order_line AS ol ON ol.order_id = o.order_id JOIN product AS p ON ol.product_id =
        p.product_id WHERE o.customer_id = c.customer_id AND p.category = 'furniture') ORDER
        BY c.name
    """,
    'show name and email of customer "O\'Brien & Co"': """
        SELECT c.name, c.email FROM customer AS c WHERE c.name = 'O''Brien & Co' ORDER BY
        c.name
    """,
    "how many tickets did customers in Germany open last month?": """
        SELECT COUNT(*) AS tickets FROM ticket AS t JOIN customer AS c ON t.customer_id =
        c.customer_id WHERE t.opened_at >= TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND
        t.opened_at < TIMESTAMPTZ '2026-11-01 00:00:00+00:00' AND c.country = 'Germany'
    """,
    "revenue from furniture last quarter": """
        SELECT SUM(o.amount) AS revenue FROM "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ
        '2026-07-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-10-01
        00:00:00+00:00' AND EXISTS (SELECT 1 FROM order_line AS ol JOIN product AS p ON
        ol.product_id = p.product_id WHERE ol.order_id = o.order_id AND p.category =
        'furniture')
    """,
    "tickets opened by enterprise customers last month": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id WHERE t.opened_at >= TIMESTAMPTZ '2026-10-01
        00:00:00+00:00' AND t.opened_at < TIMESTAMPTZ '2026-11-01 00:00:00+00:00' AND
        c.segment = 'enterprise' ORDER BY t.opened_at DESC
    """,
    "customers with more than 10000 revenue": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name HAVING SUM(o.amount) >
        10000 ORDER BY revenue DESC NULLS LAST
    """,
    "customers with at least 2 orders and no tickets": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT o.customer_id FROM
        "order" AS o GROUP BY o.customer_id HAVING COUNT(*) >= 2) AND NOT EXISTS (SELECT 1
        FROM ticket AS t WHERE t.customer_id = c.customer_id) ORDER BY c.name
    """,
    "orders from customers with open tickets": """
        SELECT o.order_id, o.ordered_at FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE EXISTS (SELECT 1 FROM ticket AS t WHERE
        t.customer_id = c.customer_id AND t.status = 'open') ORDER BY o.ordered_at DESC
    """,
    'what is the credit limit of customer "Acme Tools"?': """
        SELECT c.name, c.credit_limit FROM customer AS c WHERE c.name = 'Acme Tools' ORDER
        BY c.name
    """,
    "enterprise or mid-market customers in Germany": """
        SELECT c.name FROM customer AS c WHERE c.segment IN ('enterprise', 'mid-market') AND
        c.country = 'Germany' ORDER BY c.name
    """,
    "orders not from Germany": """
        SELECT o.order_id, o.ordered_at FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE c.country <> 'Germany' ORDER BY o.ordered_at
        DESC
    """,
    "customers ranked by credit limit": """
        SELECT c.name, c.credit_limit FROM customer AS c ORDER BY c.credit_limit DESC NULLS
        LAST
    """,
    "list customers by health score": """
        SELECT c.name, c.health_score FROM customer AS c ORDER BY c.health_score DESC NULLS
        LAST
    """,
    "tickets about billing": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.category =
        'billing' ORDER BY t.opened_at DESC
    """,
    'notes that mention "it\'s; DROP TABLE x" since 2026-01-01': """
        SELECT n.text, n.note_id, n.written_at, n.score FROM search(note, 'it''s; DROP TABLE
        x', 100) AS n WHERE n.written_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' ORDER BY
        n.score DESC
    """,
    "how many countries do we have customers in?": """
        SELECT COUNT(DISTINCT c.country) AS countries FROM customer AS c
    """,
    "which country has the highest average health score?": """
        SELECT c.country, AVG(c.health_score) AS average_health_score FROM customer AS c
        GROUP BY c.country ORDER BY average_health_score DESC NULLS LAST LIMIT 1
    """,
    "orders between 100 and 200": """
        SELECT o.order_id, o.ordered_at, o.amount FROM "order" AS o WHERE o.amount BETWEEN
        100 AND 200 ORDER BY o.ordered_at DESC
    """,
    "orders between march and june": """
        SELECT o.order_id, o.ordered_at FROM "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ
        '2026-03-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-07-01
        00:00:00+00:00' ORDER BY o.ordered_at DESC
    """,
    "tickets per week this year": """
        SELECT DATE_TRUNC('week', t.opened_at) AS week, COUNT(*) AS tickets FROM ticket AS t
        WHERE t.opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' AND t.opened_at <
        TIMESTAMPTZ '2027-01-01 00:00:00+00:00' GROUP BY DATE_TRUNC('week', t.opened_at)
        ORDER BY week
    """,
    "new customers this year": """
        SELECT c.name FROM customer AS c WHERE c.signed_up_on >= DATE '2026-01-01' AND
        c.signed_up_on < DATE '2027-01-01' ORDER BY c.name
    """,
    "new customers per month": """
        SELECT DATE_TRUNC('month', c.signed_up_on) AS month, COUNT(*) AS customers FROM
        customer AS c GROUP BY DATE_TRUNC('month', c.signed_up_on) ORDER BY month
    """,
    "how many orders were returned?": """
        SELECT COUNT(*) AS orders FROM "order" AS o WHERE o.status = 'returned'
    """,
    "which customers in Germany spent the least?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE c.country = 'Germany' GROUP BY c.customer_id,
        c.name ORDER BY revenue ASC NULLS LAST LIMIT 10
    """,
    "customers with premium support plan and health score under 50": """
        SELECT c.name, c.health_score FROM customer AS c WHERE c.support_plan = 'premium'
        AND c.health_score < 50 ORDER BY c.name
    """,
    "customers with no renewal date": """
        SELECT c.name FROM customer AS c WHERE c.renewal_on IS NULL ORDER BY c.name
    """,
    'orders of "Acme Tools" in Q3': """
        SELECT o.order_id, o.ordered_at FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2026-07-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-10-01 00:00:00+00:00' AND
        c.name = 'Acme Tools' ORDER BY o.ordered_at DESC
    """,
    "customers that spent over 10k but have no open tickets": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE NOT EXISTS (SELECT 1 FROM ticket AS t WHERE
        t.customer_id = c.customer_id AND t.status = 'open') GROUP BY c.customer_id, c.name
        HAVING SUM(o.amount) > 10000 ORDER BY revenue DESC NULLS LAST
    """,
    "customers whose health trend is down": """
        SELECT c.name FROM customer AS c WHERE c.health_trend = 'down' ORDER BY c.name
    """,
    "how much did customers in Germany spend last year?": """
        SELECT SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2025-01-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-01-01 00:00:00+00:00' AND
        c.country = 'Germany'
    """,
    "how much did each customer spend last year?": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id WHERE o.ordered_at >= TIMESTAMPTZ '2025-01-01
        00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-01-01 00:00:00+00:00' GROUP BY
        c.customer_id, c.name ORDER BY revenue DESC NULLS LAST
    """,
    "number of orders and revenue by month": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, COUNT(*) AS orders, SUM(o.amount)
        AS revenue FROM "order" AS o GROUP BY DATE_TRUNC('month', o.ordered_at) ORDER BY
        month
    """,
    "tickets with priority P1 or P2": """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.priority IN ('P1',
        'P2') ORDER BY t.opened_at DESC
    """,
    'ticket number "T-100"': """
        SELECT t.subject, t.number, t.opened_at FROM ticket AS t WHERE t.number = 'T-100'
        ORDER BY t.opened_at DESC
    """,
    "order 1001": """
        SELECT o.order_id, o.ordered_at FROM "order" AS o WHERE o.order_id = 1001 ORDER BY
        o.ordered_at DESC
    """,
    "which customers spent the most by month": """
        SELECT c.name, DATE_TRUNC('month', o.ordered_at) AS month, SUM(o.amount) AS revenue
        FROM "order" AS o JOIN customer AS c ON o.customer_id = c.customer_id GROUP BY
        c.customer_id, c.name, DATE_TRUNC('month', o.ordered_at) ORDER BY revenue DESC NULLS
        LAST LIMIT 10
    """,
    "which customers complained about invoices and have open tickets?": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT n.customer_id FROM
        search(note, 'complained about invoices', 100) AS n) AND EXISTS (SELECT 1 FROM ticket
        AS t WHERE t.customer_id = c.customer_id AND t.status = 'open') ORDER BY c.name
    """,
    "revenue yesterday": """
        SELECT SUM(o.amount) AS revenue FROM "order" AS o WHERE o.ordered_at >= TIMESTAMPTZ
        '2026-11-20 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-11-21
        00:00:00+00:00'
    """,
    "tickets due before 2026-12-01": """
        SELECT t.subject, t.number, t.opened_at, t.due_on FROM ticket AS t WHERE t.due_on <
        DATE '2026-12-01' ORDER BY t.opened_at DESC
    """,
    "number of customers with more than 3 orders by segment": """
        SELECT c.segment, COUNT(*) AS customers FROM customer AS c WHERE c.customer_id IN
        (SELECT o.customer_id FROM "order" AS o GROUP BY o.customer_id HAVING COUNT(*) > 3)
        GROUP BY c.segment ORDER BY customers DESC NULLS LAST
    """,
    "churned customers by month": """
        SELECT DATE_TRUNC('month', c.churned_at) AS month, COUNT(*) AS customers FROM
        customer AS c WHERE c.churned_at IS NOT NULL GROUP BY DATE_TRUNC('month',
        c.churned_at) ORDER BY month
    """,
    "which industries have the highest revenue?": """
        SELECT c.industry, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.industry ORDER BY revenue DESC NULLS LAST
        LIMIT 10
    """,
    "which products were ordered by enterprise customers last month?": """
        SELECT p.name FROM product AS p WHERE EXISTS (SELECT 1 FROM order_line AS ol JOIN
        "order" AS o ON ol.order_id = o.order_id JOIN customer AS c ON o.customer_id =
        c.customer_id WHERE ol.product_id = p.product_id AND o.ordered_at >= TIMESTAMPTZ
        '2026-10-01 00:00:00+00:00' AND o.ordered_at < TIMESTAMPTZ '2026-11-01
        00:00:00+00:00' AND c.segment = 'enterprise') ORDER BY p.name
    """,
    "items with price above 100": """
        SELECT p.name, p.list_price FROM product AS p WHERE p.list_price > 100 ORDER BY
        p.name
    """,
    "show all products in paper or tools": """
        SELECT p.name FROM product AS p WHERE p.category IN ('paper', 'tools') ORDER BY
        p.name
    """,
    "customers and their revenue": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY revenue DESC
        NULLS LAST
    """,
    "sales by country": """
        SELECT c.country, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.country ORDER BY revenue DESC NULLS LAST
    """,
    "who complained about invoices last month?": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT n.customer_id FROM
        search(note, 'complained about invoices', 100) AS n WHERE n.written_at >= TIMESTAMPTZ
        '2026-10-01 00:00:00+00:00' AND n.written_at < TIMESTAMPTZ '2026-11-01
        00:00:00+00:00') ORDER BY c.name
    """,
    "average discount": """
        SELECT AVG(ol.discount) AS average_discount FROM order_line AS ol
    """,
    "revenue by country and month in the last 6 months": """
        SELECT DATE_TRUNC('month', o.ordered_at) AS month, c.country, SUM(o.amount) AS
        revenue FROM "order" AS o JOIN customer AS c ON o.customer_id = c.customer_id WHERE
        o.ordered_at >= TIMESTAMPTZ '2026-05-21 00:00:00+00:00' AND o.ordered_at <
        TIMESTAMPTZ '2026-11-22 00:00:00+00:00' GROUP BY DATE_TRUNC('month', o.ordered_at),
        c.country ORDER BY month, revenue DESC NULLS LAST
    """,
    "how many customers have never ordered and have open tickets?": """
        SELECT COUNT(*) AS customers FROM customer AS c WHERE NOT EXISTS (SELECT 1 FROM
        "order" AS o WHERE o.customer_id = c.customer_id) AND EXISTS (SELECT 1 FROM ticket
        AS t WHERE t.customer_id = c.customer_id AND t.status = 'open')
    """,
    "customers with 3 tickets": """
        SELECT c.name FROM customer AS c WHERE c.customer_id IN (SELECT t.customer_id FROM
        ticket AS t GROUP BY t.customer_id HAVING COUNT(*) = 3) ORDER BY c.name
    """,
    "customers not in Germany or France": """
        SELECT c.name FROM customer AS c WHERE c.country NOT IN ('Germany', 'France') ORDER
        BY c.name
    """,
    "how many orders per customer": """
        SELECT c.name, COUNT(*) AS orders FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY orders DESC
        NULLS LAST
    """,
    "revenue by customer": """
        SELECT c.name, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY revenue DESC
        NULLS LAST
    """,
    "tickets by customer": """
        SELECT c.name, COUNT(*) AS tickets FROM ticket AS t JOIN customer AS c ON
        t.customer_id = c.customer_id GROUP BY c.customer_id, c.name ORDER BY tickets DESC
        NULLS LAST
    """,
    "number of sales by country": """
        SELECT c.country, COUNT(*) AS orders FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.country ORDER BY orders DESC NULLS LAST
    """,
    "orders per account manager per quarter": """
        SELECT DATE_TRUNC('quarter', o.ordered_at) AS quarter, c.account_manager, COUNT(*)
        AS orders FROM "order" AS o JOIN customer AS c ON o.customer_id = c.customer_id
        GROUP BY DATE_TRUNC('quarter', o.ordered_at), c.account_manager ORDER BY quarter,
        orders DESC NULLS LAST
    """,
    "which notes mention discounts?": """
        SELECT n.text, n.note_id, n.written_at, n.score FROM search(note, 'discounts', 100)
        AS n ORDER BY n.score DESC
    """,
    "revenue by customer country": """
        SELECT c.country, SUM(o.amount) AS revenue FROM "order" AS o JOIN customer AS c ON
        o.customer_id = c.customer_id GROUP BY c.country ORDER BY revenue DESC NULLS LAST
    """,
    "cases by severity": """
        SELECT t.priority, COUNT(*) AS tickets FROM ticket AS t GROUP BY t.priority ORDER BY
        tickets DESC NULLS LAST
    """,
}
