// SPDX-License-Identifier: Apache-2.0
// First-word-fall-through FIFO of D words. Up to 64 words it is distributed memory read combinationally; beyond
// that a block memory behind an output register, one cycle more from write to read.
module hls_fifo #(
    parameter int W = 8,
    parameter int D = 2
) (
    input  logic         clk,
    input  logic         rst,
    input  logic [W-1:0] din,
    input  logic         write,
    output logic         full_n,
    output logic [W-1:0] dout,
    output logic         empty_n,
    input  logic         read
);
  localparam int A = D > 1 ? $clog2(D) : 1;  // address bits
  localparam int C = $clog2(D + 1);          // bits of a count 0..D
  localparam logic [A-1:0] LAST = A'(D - 1);

  logic [W-1:0] words [0:D-1];
  logic [A-1:0] read_at, write_at;
  logic [C-1:0] count;     // words in the FIFO, the output register included
  logic push, pop, fetch;  // fetch: the word at read_at leaves the memory

  assign full_n = count != C'(D);
  assign push = write & full_n;
  assign pop = read & empty_n;

  always_ff @(posedge clk) begin
    if (push) words[write_at] <= din;
    if (rst) begin
      read_at <= '0;
      write_at <= '0;
      count <= '0;
    end else begin
      if (push) write_at <= write_at == LAST ? '0 : write_at + 1'b1;
      if (fetch) read_at <= read_at == LAST ? '0 : read_at + 1'b1;
      count <= count + C'(push) - C'(pop);
    end
  end

  generate
    if (D <= 64) begin : g_shallow
      assign fetch = pop;
      assign empty_n = count != '0;
      assign dout = words[read_at];
    end else begin : g_deep
      logic valid;             // the output register holds a word
      logic [W-1:0] head;
      logic [C-1:0] stored;    // words still in the memory
      assign stored = count - C'(valid);
      assign fetch = stored != '0 & (~valid | pop);
      assign empty_n = valid;
      assign dout = head;
      always_ff @(posedge clk) begin
        if (fetch) head <= words[read_at];
        valid <= ~rst & (fetch | (valid & ~pop));
      end
    end
  endgenerate
endmodule
