-- Revenue by month this year
SELECT date_trunc('month', o.ordered_at) AS month, SUM(o.amount) AS revenue FROM "order" AS o
WHERE o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' GROUP BY month ORDER BY month;
-- Orders by status
SELECT status, COUNT(*) AS orders FROM "order" GROUP BY status ORDER BY orders DESC;
-- Customers by country and segment
SELECT country, segment, COUNT(*) AS customers FROM customer GROUP BY country, segment;
-- Ten largest orders of May, with their customers
SELECT o.order_id, c.name, o.amount FROM "order" AS o JOIN customer AS c USING (customer_id)
WHERE o.ordered_at >= TIMESTAMPTZ '2026-05-01 00:00:00+00:00'
AND o.ordered_at < TIMESTAMPTZ '2026-06-01 00:00:00+00:00' ORDER BY o.amount DESC NULLS LAST LIMIT 10;
-- The five countries that bring in most
SELECT c.country, SUM(o.amount) AS revenue FROM "order" AS o
JOIN customer AS c ON o.customer_id = c.customer_id GROUP BY c.country ORDER BY revenue DESC LIMIT 5;
-- Pieces sold by category of product
SELECT p.category, SUM(l.quantity) AS pieces FROM order_line AS l
JOIN product AS p ON l.product_id = p.product_id GROUP BY p.category ORDER BY pieces DESC;
-- The ten products that bring in most
SELECT p.name, SUM(l.quantity * l.unit_price * (1 - l.discount)) AS revenue FROM order_line AS l
JOIN product AS p ON l.product_id = p.product_id GROUP BY p.product_id, p.name
ORDER BY revenue DESC LIMIT 10;
-- Mean order by channel
SELECT channel, AVG(amount) AS average FROM "order" GROUP BY channel;
-- Customers who have not ordered since the start of the year
SELECT c.name FROM customer AS c WHERE c.churned_at IS NULL AND NOT EXISTS (
SELECT 1 FROM "order" AS o WHERE o.customer_id = c.customer_id
AND o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00') ORDER BY c.name;
-- New customers by month
SELECT date_trunc('month', signed_up_on) AS month, COUNT(*) AS customers FROM customer
GROUP BY month ORDER BY month;
-- Revenue by account manager last quarter
SELECT c.account_manager, SUM(o.amount) AS revenue FROM "order" AS o
JOIN customer AS c ON o.customer_id = c.customer_id
WHERE o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
AND o.ordered_at < TIMESTAMPTZ '2026-04-01 00:00:00+00:00' GROUP BY c.account_manager;
-- Orders of one customer
SELECT o.order_id, o.ordered_at, o.status, o.amount FROM "order" AS o
WHERE o.customer_id = 17 ORDER BY o.ordered_at DESC;
-- Open tickets by priority
SELECT priority, COUNT(*) AS tickets FROM ticket WHERE status = 'open' GROUP BY priority;
-- Tickets by category this quarter
SELECT category, COUNT(*) AS tickets FROM ticket
WHERE opened_at >= TIMESTAMPTZ '2026-04-01 00:00:00+00:00' GROUP BY category ORDER BY tickets DESC;
-- Mean satisfaction by category
SELECT category, AVG(satisfaction) AS satisfaction FROM ticket GROUP BY category;
-- Refunds by month this year
SELECT date_trunc('month', opened_at) AS month, SUM(refund) AS refunds FROM ticket
WHERE opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00' GROUP BY month ORDER BY month;
-- The twenty oldest open P1 tickets
SELECT number, subject, opened_at FROM ticket WHERE status = 'open' AND priority = 'P1'
ORDER BY opened_at LIMIT 20;
-- Open tickets that are overdue
SELECT COUNT(*) AS overdue FROM ticket WHERE status = 'open' AND due_on < DATE '2026-06-15';
-- Customers by support plan
SELECT support_plan, COUNT(*) AS customers FROM customer GROUP BY support_plan;
-- Mean health by segment
SELECT segment, AVG(health_score) AS health FROM customer GROUP BY segment;
-- Contracts that renew within a month
SELECT name, renewal_on, contract_value FROM customer
WHERE renewal_on >= DATE '2026-06-15' AND renewal_on < DATE '2026-07-15' ORDER BY renewal_on;
-- Enterprise customers with open P1 tickets who spent most last quarter
SELECT c.name, SUM(o.amount) AS revenue FROM customer AS c
JOIN "order" AS o ON o.customer_id = c.customer_id
WHERE c.segment = 'enterprise' AND o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
AND o.ordered_at < TIMESTAMPTZ '2026-04-01 00:00:00+00:00'
AND EXISTS (SELECT 1 FROM ticket AS t WHERE t.customer_id = c.customer_id
AND t.status = 'open' AND t.priority = 'P1')
GROUP BY c.customer_id, c.name ORDER BY revenue DESC LIMIT 10;
-- Open tickets of German customers
SELECT t.number, t.subject, c.name FROM ticket AS t JOIN customer AS c USING (customer_id)
WHERE c.country = 'Germany' AND t.status = 'open' ORDER BY t.opened_at;
-- Outages by segment this year
SELECT c.segment, COUNT(*) AS outages FROM ticket AS t
JOIN customer AS c ON t.customer_id = c.customer_id
WHERE t.category = 'outage' AND t.opened_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
GROUP BY c.segment;
-- Health and open tickets of the enterprise customers in France
SELECT c.name, c.health_score, COUNT(t.number) AS tickets FROM customer AS c
LEFT JOIN ticket AS t ON t.customer_id = c.customer_id AND t.status = 'open'
WHERE c.segment = 'enterprise' AND c.country = 'France'
GROUP BY c.customer_id, c.name, c.health_score ORDER BY c.health_score;
-- Revenue last quarter of customers whose health falls
SELECT c.name, SUM(o.amount) AS revenue FROM customer AS c
JOIN "order" AS o ON o.customer_id = c.customer_id
WHERE c.health_trend = 'down' AND o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
AND o.ordered_at < TIMESTAMPTZ '2026-04-01 00:00:00+00:00'
GROUP BY c.customer_id, c.name ORDER BY revenue DESC LIMIT 20;
-- Refunds by country
SELECT c.country, SUM(t.refund) AS refunds FROM ticket AS t
JOIN customer AS c ON t.customer_id = c.customer_id GROUP BY c.country ORDER BY refunds DESC;
-- Last month's visits and calls by author
SELECT author, kind, COUNT(*) AS notes FROM note
WHERE written_at >= TIMESTAMPTZ '2026-05-01 00:00:00+00:00'
AND written_at < TIMESTAMPTZ '2026-06-01 00:00:00+00:00' GROUP BY author, kind;
-- The twenty notes nearest to a complaint about invoices
SELECT c.name, n.text, n.score FROM search(note, 'complained about invoices', 20) AS n
JOIN customer AS c ON n.customer_id = c.customer_id ORDER BY n.score DESC;
-- Enterprise customers who complained about late deliveries, by what they spent last quarter
SELECT c.name, SUM(o.amount) AS revenue FROM search(note, 'late delivery', 100) AS n
JOIN customer AS c ON n.customer_id = c.customer_id
JOIN "order" AS o ON o.customer_id = c.customer_id
WHERE c.segment = 'enterprise' AND o.ordered_at >= TIMESTAMPTZ '2026-01-01 00:00:00+00:00'
AND o.ordered_at < TIMESTAMPTZ '2026-04-01 00:00:00+00:00'
GROUP BY c.customer_id, c.name ORDER BY revenue DESC;
