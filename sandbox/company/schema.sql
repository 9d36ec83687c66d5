-- The tables of Meridian Supply's PostgreSQL, made anew each time the company is loaded.
DROP TABLE IF EXISTS public.order_lines, public.orders, public.products, public.customers CASCADE;

CREATE TABLE public.customers (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    segment text NOT NULL,
    country text NOT NULL,
    industry text NOT NULL,
    account_manager text NOT NULL,
    email text,
    signed_up_on date NOT NULL,
    churned_at timestamptz,
    credit_limit numeric(12, 2)
);
CREATE INDEX customers_segment ON public.customers (segment);
CREATE INDEX customers_country ON public.customers (country);
CREATE INDEX customers_account_manager ON public.customers (account_manager);

CREATE TABLE public.products (
    id bigint PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    category text NOT NULL,
    list_price numeric(10, 2) NOT NULL
);
CREATE INDEX products_category ON public.products (category);

CREATE TABLE public.orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    status text NOT NULL,
    channel text NOT NULL,
    amount numeric(12, 2),
    promised_on text
);
CREATE INDEX orders_customer ON public.orders (customer_id, ordered_at);
CREATE INDEX orders_ordered_at ON public.orders (ordered_at);
CREATE INDEX orders_status ON public.orders (status);

CREATE TABLE public.order_lines (
    order_id bigint NOT NULL REFERENCES public.orders (id),
    line_no integer NOT NULL,
    product_id bigint NOT NULL REFERENCES public.products (id),
    quantity integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL,
    discount numeric(4, 3) NOT NULL,
    line_id text GENERATED ALWAYS AS (order_id::text || '-' || line_no::text) STORED,
    PRIMARY KEY (order_id, line_no)
);
CREATE INDEX order_lines_product ON public.order_lines (product_id);

COMMENT ON TABLE public.customers IS 'Companies that buy from us, and those that used to';
COMMENT ON COLUMN public.customers.id IS 'Customer number';
COMMENT ON COLUMN public.customers.name IS 'Company name';
COMMENT ON COLUMN public.customers.segment IS 'enterprise, mid-market or small business';
COMMENT ON COLUMN public.customers.country IS 'Country, by its full English name';
COMMENT ON COLUMN public.customers.industry IS 'What the company does';
COMMENT ON COLUMN public.customers.account_manager IS 'Who in sales looks after the customer';
COMMENT ON COLUMN public.customers.email IS 'Address of the purchasing contact (personal data)';
COMMENT ON COLUMN public.customers.signed_up_on IS 'Day the customer signed up';
COMMENT ON COLUMN public.customers.churned_at IS 'When the customer left us; null while active';
COMMENT ON COLUMN public.customers.credit_limit IS 'Credit limit in euros; null if none was agreed';

COMMENT ON TABLE public.products IS 'The catalogue';
COMMENT ON COLUMN public.products.id IS 'Product number';
COMMENT ON COLUMN public.products.sku IS 'Article code as printed in the catalogue';
COMMENT ON COLUMN public.products.name IS 'Article name';
COMMENT ON COLUMN public.products.category IS
    'paper, furniture, electronics, tools, safety or cleaning';
COMMENT ON COLUMN public.products.list_price IS 'Price in euros before any discount';

COMMENT ON TABLE public.orders IS 'Purchases by customers';
COMMENT ON COLUMN public.orders.id IS 'Order number';
COMMENT ON COLUMN public.orders.customer_id IS
    'Customer number; a few orders name customers that are not in customers';
COMMENT ON COLUMN public.orders.ordered_at IS 'When the order was placed';
COMMENT ON COLUMN public.orders.status IS 'placed, shipped, delivered, cancelled or returned';
COMMENT ON COLUMN public.orders.channel IS 'web, partner or field';
COMMENT ON COLUMN public.orders.amount IS
    'Order value in euros, the sum of its lines; null if not yet priced';
COMMENT ON COLUMN public.orders.promised_on IS
    'Promised delivery date as text: YYYY-MM-DD, or DD.MM.YYYY on some orders';

COMMENT ON TABLE public.order_lines IS 'The articles within an order';
COMMENT ON COLUMN public.order_lines.order_id IS 'Order number';
COMMENT ON COLUMN public.order_lines.line_no IS 'Position within the order, from 1';
COMMENT ON COLUMN public.order_lines.product_id IS 'Product number';
COMMENT ON COLUMN public.order_lines.quantity IS 'Pieces ordered';
COMMENT ON COLUMN public.order_lines.unit_price IS 'Price per piece in euros before the discount';
COMMENT ON COLUMN public.order_lines.discount IS 'Discount as a fraction: 0.050 is 5 percent';
